Feature: What silences every rule
  The negatives that hold for all rules: nothing given, other drugs only, another disease, local melphalan, a patient who has died.

  Background:
    Given today is 2026-01-15
    And the patient is a woman aged 72

  Scenario Outline: Only <drug> for myeloma
    Given multiple myeloma was diagnosed on 2020-03-01
    And the patient was stated to be ineligible for transplant on 2020-03-01
    And <drug> was given from 2020-04-01 and continues
    When the chart is opened
    Then no rule fires
    And the tier is "none"

    Examples:
      | drug         |
      | bortezomib   |
      | carfilzomib  |
      | ixazomib     |
      | daratumumab  |
      | elotuzumab   |
      | thalidomide  |
      | pomalidomide |

  Scenario: Melphalan and transplant without lenalidomide
    Given multiple myeloma was diagnosed on 2020-03-01
    And oral melphalan was taken from 2020-04-01 to 2020-09-30
    And an autologous stem cell transplant was done on 2021-11-10
    And MDS was diagnosed on 2025-06-10 and is active
    When the chart is opened
    Then no rule fires
    And the tier is "none"

  Scenario: Everything at once, in lymphoma
    Given follicular lymphoma was diagnosed on 2018-03-01
    And oral melphalan was taken from 2025-01-01 and continues
    And lenalidomide 20 mg was taken as maintenance from 2020-01-01 and continues
    And an autologous stem cell transplant was done on 2019-11-10
    And breast cancer was diagnosed on 2025-06-10 and is active
    When the chart is opened
    Then exactly these rules fire: SPM-30 (info)
    And the tier is "info"

  Scenario: Everything at once, in lymphoma, when orders are signed
    Given follicular lymphoma was diagnosed on 2018-03-01
    And the patient was stated to be ineligible for transplant on 2018-03-01
    And oral melphalan was taken from 2025-01-01 and continues
    And melphalan flufenamide was given from 2023-01-01 to 2023-06-30
    And lenalidomide 20 mg was taken as induction from 2019-01-01 to 2019-06-30
    And lenalidomide 20 mg was taken as maintenance from 2020-01-01 and continues
    And a donor stem cell transplant was done on 2019-11-10
    And breast cancer was diagnosed on 2025-06-10 and is active
    And lenalidomide 20 mg is ordered
    And oral melphalan is ordered
    When the order is signed
    Then exactly these rules fire: SPM-30 (info)
    And the tier is "info"

  Scenario: Everything at once, in a patient who has died
    Given multiple myeloma was diagnosed on 2018-03-01
    And oral melphalan was taken from 2025-01-01 and continues
    And lenalidomide 10 mg was taken as maintenance from 2020-01-01 and continues
    And an autologous stem cell transplant was done on 2019-11-10
    And breast cancer was diagnosed on 2025-06-10 and is active
    And melphalan is ordered
    And lenalidomide 10 mg is ordered
    And the patient died on 2026-01-14
    When the order is signed
    Then no rule fires
    And the tier is "none"

  Scenario Outline: Every record of lenalidomide is <status>
    Given multiple myeloma was diagnosed on 2018-03-01
    And the patient was stated to be eligible for transplant on 2018-03-15
    And an autologous stem cell transplant was done on 2019-11-10
    And a medication <record> of lenalidomide from 2020-01-01 to 2025-12-31 has the status "<status>"
    When the chart is opened
    Then no rule fires
    And the tier is "none"

    Examples:
      | record         | status           |
      | administration | not-done         |
      | dispense       | cancelled        |
      | statement      | not-taken        |
      | request        | cancelled        |
      | request        | entered-in-error |

  Scenario: Everything around lenalidomide that has ended, in lymphoma, when orders are signed
    Given follicular lymphoma was diagnosed on 2018-03-01
    And etoposide was given on 2018-05-01
    And radiotherapy was completed on 2018-07-01
    And an autologous stem cell transplant was done on 2018-11-10
    And an autologous stem cell transplant was done on 2019-11-10
    And lenalidomide 20 mg was taken from 2020-01-01 to 2025-03-01
    And MDS was diagnosed on 2025-06-10 and is active
    And cyclophosphamide is ordered
    When the order is signed
    Then exactly these rules fire: SPM-30 (info)

  Scenario: A disease that progressed on lenalidomide, in lymphoma, when lenalidomide is ordered again
    Given follicular lymphoma was diagnosed on 2018-03-01
    And lenalidomide 20 mg was taken from 2024-06-20 to 2025-06-12
    And an observation on 2025-06-10 says "progressive disease"
    And lenalidomide 20 mg is ordered
    When the order is signed
    Then exactly these rules fire: SPM-30 (info)
