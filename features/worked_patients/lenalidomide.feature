Feature: Worked patients: courses of lenalidomide

  Background:
    Given today is 2026-01-15
    And the blood count on 2026-01-05 was normal
    And the patient never smoked
    And the patient was stated to be eligible for transplant on 2017-01-15
    And these rules are left out: SPM-27

  Scenario: P01 Induction with lenalidomide, transplant, long maintenance
    Given the patient is a woman aged 62
    And cancer screening and skin checks of a woman are up to date
    And multiple myeloma was diagnosed on 2020-03-10
    And lenalidomide 25 mg was taken as induction from 2020-04-01 to 2020-09-15
    And bortezomib was given from 2020-04-01 to 2020-09-15
    And dexamethasone was taken from 2020-04-01 to 2020-09-15
    And intravenous melphalan was given
      | date       | dose | unit  |
      | 2020-11-08 | 200  | mg/m2 |
    And an autologous stem cell transplant was done on 2020-11-10
    And lenalidomide 10 mg was prescribed as maintenance from 2021-02-15 and continues
    When the rules are evaluated
    Then exactly these rules fire: SPM-01 (info), SPM-02a (warning), SPM-02b (warning), SPM-05 (warning), SPM-09 (info)
    And the tier is "warning"

  Scenario: P01 the same, with nothing but drugs and dates to tell the phases
    Given the patient is a woman aged 62
    And cancer screening and skin checks of a woman are up to date
    And multiple myeloma was diagnosed on 2020-03-10
    And lenalidomide 25 mg was prescribed from 2020-04-01 to 2020-09-15
    And bortezomib was given from 2020-04-01 to 2020-09-15
    And dexamethasone was prescribed from 2020-04-01 to 2020-09-15
    And intravenous melphalan was given
      | date       | dose | unit  |
      | 2020-11-08 | 200  | mg/m2 |
    And an autologous stem cell transplant was done on 2020-11-10, coded in CPT
    And lenalidomide 10 mg was dispensed every 28 days from 2021-02-15 and continues
    When the rules are evaluated
    Then exactly these rules fire: SPM-01 (info), SPM-02a (warning), SPM-02b (warning), SPM-05 (warning), SPM-09 (info)
    And the tier is "warning"

  Scenario: P05 Never lenalidomide
    Given the patient is a man aged 62
    And cancer screening and skin checks of a man are up to date
    And multiple myeloma was diagnosed on 2020-03-10
    And bortezomib was given from 2020-04-01 to 2020-12-31
    And dexamethasone was taken from 2020-04-01 to 2020-12-31
    And daratumumab was given from 2022-01-10 and continues
    When the rules are evaluated
    Then no rule fires
    And the tier is "none"

  Scenario: P13 Exactly 24 months of maintenance
    Given the patient is a man aged 63
    And cancer screening and skin checks of a man are up to date
    And multiple myeloma was diagnosed on 2023-03-10
    And lenalidomide 10 mg was prescribed as maintenance from 2024-01-15 and continues
    When the rules are evaluated
    Then exactly these rules fire: SPM-01 (info)
    And SPM-09 stays silent
    And the tier is "info"

  Scenario: P15 A gap of 44 days is bridged
    Given the patient is a man aged 63
    And cancer screening and skin checks of a man are up to date
    And multiple myeloma was diagnosed on 2023-03-10
    And lenalidomide 10 mg was dispensed every 28 days from 2024-02-01 to 2024-08-10
    And lenalidomide 10 mg was dispensed every 28 days from 2024-09-24 and continues
    When the rules are evaluated
    Then exactly these rules fire: SPM-01 (info)
    And lenalidomide adds up to 23.5 months
    And the tier is "info"

  Scenario: P17 Two strengths on the same days are counted once
    Given the patient is a man aged 63
    And cancer screening and skin checks of a man are up to date
    And multiple myeloma was diagnosed on 2023-03-10
    And lenalidomide 10 mg was prescribed from 2025-01-01 and continues
    And lenalidomide 5 mg was prescribed from 2025-01-01 and continues
    When the rules are evaluated
    Then exactly these rules fire: SPM-01 (info)
    And lenalidomide adds up to 12.5 months
    And the tier is "info"

  Scenario: P19 Two courses of maintenance with a long break
    Given the patient is a man aged 63
    And cancer screening and skin checks of a man are up to date
    And multiple myeloma was diagnosed on 2018-03-10
    And lenalidomide 10 mg was taken as maintenance from 2019-01-10 to 2020-06-10
    And lenalidomide 10 mg was prescribed as maintenance from 2024-02-15 and continues
    When the rules are evaluated
    Then exactly these rules fire: SPM-01, SPM-02b, SPM-09
    And the tier is "warning"

  Scenario: P21 In words only, with a year for its start
    Given the patient is a man aged 63
    And cancer screening and skin checks of a man are up to date
    And multiple myeloma was diagnosed on 2023-03-10
    And a medication statement in words only says "Revlimid maintenance" from 2024 and continues
    When the rules are evaluated
    Then exactly these rules fire: SPM-01 (info), SPM-29 (info)
    And SPM-01 is worded as possible
    And lenalidomide adds up to 12.5 to 24.5 months
    And SPM-09 asks about the lenalidomide dates
    And the tier is "info"

  Scenario: P29 Not taken, and entered in error
    Given the patient is a man aged 63
    And cancer screening and skin checks of a man are up to date
    And multiple myeloma was diagnosed on 2023-03-10
    And a medication statement of lenalidomide from 2025-02-01 to 2025-06-30 has the status "not-taken"
    And a medication statement of lenalidomide from 2025-02-01 to 2025-06-30 has the status "entered-in-error"
    When the rules are evaluated
    Then no rule fires
    And the tier is "none"

  Scenario: P31 Ordered, but the patient declined
    Given the patient is a man aged 63
    And cancer screening and skin checks of a man are up to date
    And multiple myeloma was diagnosed on 2023-03-10
    And lenalidomide 10 mg was prescribed from 2025-11-01 and continues
    And a medication administration of lenalidomide on 2025-11-01 has the status "not-done" because "patient declined"
    When the rules are evaluated
    Then no rule fires
    And the tier is "none"

  Scenario: P59 Whether lenalidomide was taken is not known
    Given the patient is a man aged 63
    And cancer screening and skin checks of a man are up to date
    And multiple myeloma was diagnosed on 2023-03-10
    And a medication statement of lenalidomide from 2025-02-01 to 2025-06-30 has the status "unknown"
    When the rules are evaluated
    Then exactly these rules fire: SPM-29 (info)
    And SPM-01 asks about the lenalidomide exposure
    And the tier is "info"

  Scenario: P63 Myeloma after MGUS, no lenalidomide
    Given the patient is a man aged 63
    And cancer screening and skin checks of a man are up to date
    And MGUS was diagnosed on 2015-03-10
    And multiple myeloma was diagnosed on 2023-03-10
    When the rules are evaluated
    Then no rule fires
    And the tier is "none"
