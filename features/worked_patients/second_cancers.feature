Feature: Worked patients: other cancers and other diseases
  Each list is complete; benefit (SPM-27) goes with active or ordered lenalidomide and is left out of the lists.

  Background:
    Given today is 2026-01-15
    And the blood count on 2026-01-05 was normal
    And the patient never smoked
    And the patient was stated to be eligible for transplant on 2017-01-15
    And these rules are left out: SPM-27

  Scenario: P09 Follicular lymphoma
    Given the patient is a woman aged 70
    And cancer screening and skin checks of a woman are up to date
    And a history of basal cell carcinoma was recorded on 2018-02-01
    And follicular lymphoma was diagnosed on 2024-11-01
    And lenalidomide 20 mg was prescribed from 2025-03-01 and continues
    And rituximab was given from 2025-03-01 to 2025-08-31
    When the rules are evaluated
    Then exactly these rules fire: SPM-30 (info)
    And the tier is "info"

  Scenario: P11 MDS on maintenance
    Given the patient is a man aged 66
    And cancer screening and skin checks of a man are up to date
    And multiple myeloma was diagnosed on 2018-03-10
    And lenalidomide 10 mg was prescribed as maintenance from 2019-03-01 and continues
    And MDS was diagnosed on 2025-06-10 and is active
    When the rules are evaluated
    Then exactly these rules fire: SPM-01, SPM-02b, SPM-09 (warning), SPM-16 (info), SPM-17 (critical)
    And the tier is "critical"

  Scenario: P32 Basal cell carcinoma on maintenance
    Given the patient is a woman aged 69
    And multiple myeloma was diagnosed on 2023-10-10
    And lenalidomide 10 mg was prescribed as maintenance from 2024-05-15 and continues
    And basal cell carcinoma was diagnosed on 2025-09
    And a skin examination was done on 2024-11-15
    And a colonoscopy was done on 2024-02-15
    And a mammography was done on 2025-06-20
    And a cervical smear was done on 2025-03-20
    When the rules are evaluated
    Then exactly these rules fire: SPM-01, SPM-16 (info), SPM-17 (warning), SPM-25 (warning)
    And the tier is "warning"

  Scenario: P33 Breast cancer before myeloma
    Given the patient is a woman aged 66
    And cancer screening and skin checks of a woman are up to date
    And a history of breast cancer was recorded on 2012-10-10
    And multiple myeloma was diagnosed on 2022-10-10
    And lenalidomide 10 mg was prescribed as maintenance from 2024-12-15 and continues
    When the rules are evaluated
    Then exactly these rules fire: SPM-01, SPM-15 (warning), SPM-16 (info)
    And the tier is "warning"

  Scenario: P35 AML after lenalidomide
    Given the patient is a man aged 67
    And cancer screening and skin checks of a man are up to date
    And multiple myeloma was diagnosed on 2022-10-10
    And lenalidomide 10 mg was taken from 2023-12-15 to 2025-03-01
    And AML was diagnosed on 2025-11-05 and is active
    When the chart is opened
    Then exactly these rules fire: SPM-01, SPM-16 (info), SPM-18 (warning)
    And the tier is "warning"

  Scenario: P35 AML after lenalidomide, which is ordered again
    Given the patient is a man aged 67
    And cancer screening and skin checks of a man are up to date
    And multiple myeloma was diagnosed on 2022-10-10
    And lenalidomide 10 mg was taken from 2023-12-15 to 2025-03-01
    And AML was diagnosed on 2025-11-05 and is active
    And lenalidomide 10 mg is ordered
    When the order is signed
    Then exactly these rules fire: SPM-01, SPM-16 (info), SPM-17 (critical)
    And the tier is "critical"

  Scenario: P47 Melphalan into the eye
    Given the patient is a woman aged 60
    And cancer screening and skin checks of a woman are up to date
    And multiple myeloma was diagnosed on 2023-10-10
    And lenalidomide 10 mg was prescribed from 2024-12-15 and continues
    And melphalan into the eye was given on 2025-06-10
    When the rules are evaluated
    Then exactly these rules fire: SPM-01 (info)
    And SPM-03 stays silent
    And SPM-04 stays silent
    And the tier is "info"
