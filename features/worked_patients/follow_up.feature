Feature: Worked patients: blood counts, screening, age, radiotherapy
  Each list is complete; benefit (SPM-27) goes with active or ordered lenalidomide and is left out of the lists.

  Background:
    Given today is 2026-01-15
    And the patient was stated to be eligible for transplant on 2017-01-15
    And these rules are left out: SPM-27

  Scenario: P36 Blasts after 30 months
    Given the patient is a man aged 64
    And cancer screening and skin checks of a man are up to date
    And the patient never smoked
    And the blood count on 2026-01-05 was normal
    And multiple myeloma was diagnosed on 2022-10-10
    And lenalidomide 10 mg was prescribed as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test   | value | unit |
      | 2026-01-10 | blasts | 3     | %    |
    When the rules are evaluated
    Then exactly these rules fire: SPM-01, SPM-09, SPM-21 (critical)
    And the tier is "critical"

  Scenario: P37 Falling counts after 40 months
    Given the patient is a man aged 61
    And cancer screening and skin checks of a man are up to date
    And the patient never smoked
    And multiple myeloma was diagnosed on 2021-10-10
    And lenalidomide 10 mg was prescribed as maintenance from 2022-09-15 and continues
    And the laboratory found
      | date       | test        | value | unit    |
      | 2025-11-25 | haemoglobin | 9.6   | g/dL    |
      | 2025-11-25 | platelets   | 88    | 10*9/L  |
      | 2025-11-25 | MCV         | 104   | fL      |
      | 2026-01-06 | haemoglobin | 9.4   | g/dL    |
      | 2026-01-06 | platelets   | 82    | 10*9/L  |
      | 2026-01-06 | neutrophils | 2.5   | 10*9/L  |
      | 2026-01-06 | MCV         | 104   | fL      |
    When the rules are evaluated
    Then exactly these rules fire: SPM-01, SPM-02b, SPM-09, SPM-22 (warning)
    And SPM-22 names the fact "haemoglobin 9.4 to 9.6 g/dL"
    And the tier is "warning"

  Scenario: P39 Low neutrophils on maintenance
    Given the patient is a man aged 61
    And cancer screening and skin checks of a man are up to date
    And the patient never smoked
    And the blood count on 2026-01-05 was normal
    And multiple myeloma was diagnosed on 2023-10-10
    And lenalidomide 10 mg was prescribed as maintenance from 2024-09-15 and continues
    And the laboratory found
      | date       | test        | value | unit   |
      | 2026-01-13 | neutrophils | 0.8   | 10*9/L |
    When the rules are evaluated
    Then exactly these rules fire: SPM-01, SPM-23 (info)
    And the tier is "info"

  Scenario: P41 Low neutrophils on lenalidomide with dexamethasone
    Given the patient is a man aged 64
    And cancer screening and skin checks of a man are up to date
    And the patient never smoked
    And the blood count on 2026-01-05 was normal
    And multiple myeloma was diagnosed on 2023-10-10
    And lenalidomide 25 mg was prescribed from 2024-09-15 and continues
    And dexamethasone was prescribed from 2024-09-15 and continues
    And the laboratory found
      | date       | test        | value | unit |
      | 2026-01-13 | neutrophils | 900   | /uL  |
    When the rules are evaluated
    Then exactly these rules fire: SPM-01, SPM-23 (warning)
    And the tier is "warning"

  Scenario: P49 A former smoker
    Given the patient is a man aged 68
    And cancer screening and skin checks of a man are up to date
    And the patient smoked 30 pack-years until 2015-03-10
    And the blood count on 2026-01-05 was normal
    And multiple myeloma was diagnosed on 2023-10-10
    And lenalidomide 10 mg was prescribed as maintenance from 2025-03-15 and continues
    When the rules are evaluated
    Then exactly these rules fire: SPM-01, SPM-16 (info), SPM-26d (info)
    And the tier is "info"

  Scenario: P51 Colonoscopy due today
    Given the patient is a man aged 58
    And the patient never smoked
    And the blood count on 2026-01-05 was normal
    And a skin examination was done on 2025-10-15
    And a colonoscopy was done on 2016-01-15
    And multiple myeloma was diagnosed on 2024-10-10
    And lenalidomide 10 mg was prescribed from 2025-07-15 and continues
    When the rules are evaluated
    Then exactly these rules fire: SPM-01 (info)
    And the tier is "info"

  Scenario: P51 Colonoscopy due yesterday
    Given the patient is a man aged 58
    And the patient never smoked
    And the blood count on 2026-01-05 was normal
    And a skin examination was done on 2025-10-15
    And a colonoscopy was done on 2016-01-14
    And multiple myeloma was diagnosed on 2024-10-10
    And lenalidomide 10 mg was prescribed from 2025-07-15 and continues
    When the rules are evaluated
    Then exactly these rules fire: SPM-01 (info), SPM-26b (info)
    And the tier is "info"

  Scenario: P53 Lenalidomide started 21 days ago
    Given the patient is a man aged 58
    And cancer screening and skin checks of a man are up to date
    And the patient never smoked
    And the blood count on 2026-01-03 was normal
    And multiple myeloma was diagnosed on 2025-11-10
    And lenalidomide 25 mg was prescribed from 2025-12-25 and continues
    When the rules are evaluated
    Then exactly these rules fire: SPM-01, SPM-24 (info)
    And the tier is "info"

  Scenario: P55 65 years old today
    Given the patient is a man born 1961-01-15
    And cancer screening and skin checks of a man are up to date
    And the patient never smoked
    And the blood count on 2026-01-05 was normal
    And multiple myeloma was diagnosed on 2023-11-10
    And lenalidomide 10 mg was prescribed from 2024-12-25 and continues
    When the rules are evaluated
    Then exactly these rules fire: SPM-01, SPM-16 (info)
    And the tier is "info"

  Scenario: P57 Radiotherapy before
    Given the patient is a man aged 63
    And cancer screening and skin checks of a man are up to date
    And the patient never smoked
    And the blood count on 2026-01-05 was normal
    And radiotherapy was completed on 2021-05-20
    And multiple myeloma was diagnosed on 2020-11-10
    And lenalidomide 10 mg was prescribed as maintenance from 2025-01-20 and continues
    When the rules are evaluated
    Then exactly these rules fire: SPM-01, SPM-14 (info)
    And the tier is "info"

  Scenario: P61 No mammogram
    Given the patient is a woman aged 47
    And the patient never smoked
    And a skin examination was done on 2025-10-15
    And a colonoscopy was done on 2024-02-15
    And a cervical smear was done on 2025-03-20
    And the blood count on 2026-01-05 was normal
    And multiple myeloma was diagnosed on 2024-11-10
    And lenalidomide 10 mg was prescribed from 2025-05-20 and continues
    When the rules are evaluated
    Then exactly these rules fire: SPM-01, SPM-26a (info)
    And the tier is "info"
