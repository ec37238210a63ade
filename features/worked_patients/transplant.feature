Feature: Worked patients: transplants

  Background:
    Given today is 2026-01-15
    And the blood count on 2026-01-05 was normal
    And the patient never smoked
    And these rules are left out: SPM-27

  Scenario: P03 Ineligible, oral melphalan with lenalidomide, then maintenance
    Given the patient is a woman aged 80
    And cancer screening and skin checks of a woman are up to date
    And multiple myeloma was diagnosed on 2021-12-10
    And the patient was stated to be ineligible for transplant on 2021-12-20
    And oral melphalan was taken as induction from 2022-01-05 to 2022-09-20
    And lenalidomide 10 mg was taken as induction from 2022-01-05 to 2022-09-20
    And lenalidomide 10 mg was prescribed as maintenance from 2022-10-01 and continues
    When the rules are evaluated
    Then exactly these rules fire: SPM-01, SPM-02a, SPM-02b, SPM-03 (warning), SPM-08 (warning), SPM-09 (warning), SPM-16 (warning)
    And SPM-03 fires with indicator "warning"
    And SPM-08 fires with indicator "warning"
    And the tier is "warning"

  Scenario: P23 Two autologous transplants, maintenance after each
    Given the patient is a man aged 60
    And cancer screening and skin checks of a man are up to date
    And multiple myeloma was diagnosed on 2014-11-10
    And the patient was stated to be eligible for transplant on 2014-11-20
    And an autologous stem cell transplant was done on 2015-05-04
    And an autologous stem cell transplant was done on 2022-09-12
    And lenalidomide 10 mg was taken as maintenance from 2015-09 to 2021-06
    And lenalidomide 10 mg was prescribed as maintenance from 2023-01-10 and continues
    When the rules are evaluated
    Then exactly these rules fire: SPM-01, SPM-02b, SPM-05, SPM-06 (info), SPM-09 (info)
    And the patient had 2 transplants
    And the tier is "warning"

  Scenario: P25 Only the status after a transplant
    Given the patient is a man aged 60
    And cancer screening and skin checks of a man are up to date
    And multiple myeloma was diagnosed on 2023-11-10
    And the patient was stated to be eligible for transplant on 2023-11-20
    And the status after a stem cell transplant was recorded on 2025-03-01
    And lenalidomide 10 mg was prescribed as maintenance from 2024-11-15 and continues
    When the rules are evaluated
    Then exactly these rules fire: SPM-01, SPM-05 (info), SPM-29
    And SPM-05 asks about the transplant kind
    And the tier is "info"

  Scenario: P27 Stem cells collected, transplant not done
    Given the patient is a man aged 60
    And cancer screening and skin checks of a man are up to date
    And multiple myeloma was diagnosed on 2024-11-10
    And the patient was stated to be eligible for transplant on 2024-11-20
    And stem cells were collected on 2025-04-01, coded in CPT
    And an autologous stem cell transplant was not done on 2025-04-20
    And lenalidomide 10 mg was prescribed as maintenance from 2025-05-15 and continues
    When the rules are evaluated
    Then exactly these rules fire: SPM-01 (info)
    And SPM-05 stays silent
    And the tier is "info"

  Scenario: P65 Lenalidomide in induction only, then transplant
    Given the patient is a man aged 64
    And cancer screening and skin checks of a man are up to date
    And multiple myeloma was diagnosed on 2018-05-10
    And the patient was stated to be eligible for transplant on 2018-05-20
    And lenalidomide 25 mg was taken as induction from 2018-06-04 to 2018-09-23
    And an autologous stem cell transplant was done on 2018-12-10
    When the rules are evaluated
    Then exactly these rules fire: SPM-01 (info), SPM-05 (info)
    And the tier is "info"

  Scenario: P69 Donor lymphocytes only, lenalidomide active
    Given the patient is a man aged 60
    And cancer screening and skin checks of a man are up to date
    And multiple myeloma was diagnosed on 2022-11-10
    And the patient was stated to be eligible for transplant on 2022-11-20
    And donor lymphocytes were given on 2025-01-10
    And lenalidomide 10 mg was prescribed from 2025-03-15 and continues
    When the rules are evaluated
    Then exactly these rules fire: SPM-01 (info), SPM-07 (warning)
    And the tier is "warning"

  Scenario: P69 Donor lymphocytes only, lenalidomide past
    Given the patient is a man aged 60
    And cancer screening and skin checks of a man are up to date
    And multiple myeloma was diagnosed on 2022-11-10
    And the patient was stated to be eligible for transplant on 2022-11-20
    And donor lymphocytes were given on 2025-01-10
    And lenalidomide 10 mg was taken from 2025-03-15 to 2025-09-30
    When the rules are evaluated
    Then exactly these rules fire: SPM-01 (info), SPM-07 (info)
    And the tier is "info"
