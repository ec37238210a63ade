Feature: Worked patients: orders
  Each list is complete; benefit (SPM-27) goes with active or ordered lenalidomide and is left out of the lists.

  Background:
    Given today is 2026-01-15
    And the blood count on 2026-01-05 was normal
    And the patient never smoked
    And the patient was stated to be eligible for transplant on 2017-01-15
    And these rules are left out: SPM-27

  Scenario: P07 Oral melphalan years ago, lenalidomide ordered for the first time
    Given the patient is a man aged 77
    And cancer screening and skin checks of a man are up to date
    And multiple myeloma was diagnosed on 2019-01-10
    And daratumumab was given from 2019-02-01 to 2020-06-30
    And bortezomib was given from 2019-02-01 to 2020-06-30
    And oral melphalan was taken from 2019-02-01 to 2020-01-31
    And lenalidomide 25 mg is ordered
    And daratumumab is ordered
    And dexamethasone is ordered
    When the order is signed
    Then exactly these rules fire: SPM-16 (info), SPM-19 (warning), SPM-28 (info)
    And the tier is "warning"

  Scenario: P43 Progression on lenalidomide, ordered again
    Given the patient is a man aged 61
    And cancer screening and skin checks of a man are up to date
    And multiple myeloma was diagnosed on 2022-01-10
    And lenalidomide 10 mg was taken as maintenance from 2024-06-20 to 2025-06-12
    And myeloma progressed on 2025-06-10
    And lenalidomide 25 mg is ordered
    And carfilzomib is ordered
    And dexamethasone is ordered
    When the order is signed
    Then exactly these rules fire: SPM-01 (info), SPM-11 (warning)
    And SPM-11 names the fact "regimen KRd, ordered"
    And SPM-19 stays silent
    And the tier is "warning"

  Scenario: P45 Progression 61 days after lenalidomide, ordered again
    Given the patient is a man aged 61
    And cancer screening and skin checks of a man are up to date
    And multiple myeloma was diagnosed on 2022-01-10
    And lenalidomide 10 mg was taken from 2024-06-20 to 2025-03-01
    And myeloma progressed on 2025-05-01
    And lenalidomide 25 mg is ordered
    When the order is signed
    Then exactly these rules fire: SPM-01 (info)
    And SPM-11 stays silent
    And the tier is "info"

  Scenario: P46 Lenalidomide ended months ago, melphalan ordered
    Given the patient is a man aged 61
    And cancer screening and skin checks of a man are up to date
    And multiple myeloma was diagnosed on 2022-01-10
    And lenalidomide 10 mg was taken from 2024-06-20 to 2025-05-20
    And dexamethasone is ordered
    And carmustine is ordered
    And cytarabine is ordered
    And etoposide is ordered
    And intravenous melphalan is ordered
    When the order is signed
    Then exactly these rules fire: SPM-01 (info), SPM-12 (warning)
    And SPM-12 names the fact "regimen Dexa-BEAM, ordered"
    And SPM-20 stays silent
    And the tier is "warning"

  Scenario: P67 First lenalidomide order after transplant
    Given the patient is a man aged 60
    And cancer screening and skin checks of a man are up to date
    And multiple myeloma was diagnosed on 2025-03-10
    And bortezomib was given from 2025-04-01 to 2025-08-31
    And an autologous stem cell transplant was done on 2025-10-17
    And a complete response was recorded on 2025-12-20
    And lenalidomide 10 mg is ordered as maintenance
    When the order is signed
    Then exactly these rules fire: SPM-10 (info), SPM-19 (warning), SPM-28 (info)
    And SPM-05 stays silent
    And the tier is "warning"
