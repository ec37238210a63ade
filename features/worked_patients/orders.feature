Feature: Worked patients: orders
  What rules of another release add (SPM-10, 11, 12, 16, 28) is left out by naming the rules looked at.

  Background:
    Given today is 2026-01-15
    And the blood count on 2026-01-05 was normal
    And the patient never smoked
    And the patient was stated to be eligible for transplant on 2017-01-15
    And only these rules are looked at: SPM-01, SPM-02, SPM-03, SPM-04, SPM-05, SPM-07, SPM-08, SPM-09, SPM-17, SPM-19, SPM-20, SPM-29, SPM-30

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
    Then exactly these rules fire: SPM-19 (warning)
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
    Then exactly these rules fire: SPM-01
    And SPM-11 fires with indicator "warning"
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
    Then exactly these rules fire: SPM-01
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
    Then exactly these rules fire: SPM-01
    And SPM-12 fires with indicator "warning"
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
    Then exactly these rules fire: SPM-19 (warning)
    And SPM-10 fires with indicator "info"
    And SPM-05 stays silent
    And the tier is "warning"
