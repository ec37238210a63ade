@rule:SPM-09
Feature: Lenalidomide maintenance for long
  Past 24 months of maintenance that still goes on, a joint review is suggested: experts differ on how long it should last.

  Background:
    Given today is 2026-01-15
    And the patient is a woman aged 62
    And multiple myeloma was diagnosed on 2018-03-01
    And the patient was stated to be eligible for transplant on 2018-03-01

  @fires
  Scenario: One day more than 24 months
    Given lenalidomide 10 mg was taken as maintenance from 2024-01-14 and continues
    When the rule is evaluated
    Then it recommends with indicator "info"
    And the card of it says "Opinions differ"
    And the card of it says "Suggested: consider reviewing benefit, tolerance and second-cancer checks together"

  @near-miss
  Scenario: Exactly 24 months
    Given lenalidomide 10 mg was taken as maintenance from 2024-01-15 and continues
    When the rule is evaluated
    Then it stays silent

  @fires
  Scenario: With breaks, 731 days in all
    Given lenalidomide 10 mg was taken as maintenance from 2019-01-10 to 2020-01-09
    And lenalidomide 10 mg was taken as maintenance from 2025-01-15 and continues
    When the rule is evaluated
    Then it recommends with indicator "info"

  @near-miss
  Scenario: With breaks, 730 days in all
    Given lenalidomide 10 mg was taken as maintenance from 2019-01-10 to 2020-01-09
    And lenalidomide 10 mg was taken as maintenance from 2025-01-16 and continues
    When the rule is evaluated
    Then it stays silent

  @fires
  Scenario: The last supply ended 28 days ago
    Given lenalidomide 10 mg was taken as maintenance from 2020-01-01 to 2025-12-18
    When the rule is evaluated
    Then it recommends with indicator "info"

  @near-miss
  Scenario: The last supply ended 29 days ago
    Given lenalidomide 10 mg was taken as maintenance from 2020-01-01 to 2025-12-17
    When the rule is evaluated
    Then it stays silent

  @near-miss
  Scenario: The last supply ended 29 days ago, with melphalan before
    Given oral melphalan was taken from 2018-04-01 to 2018-09-30
    And lenalidomide 10 mg was taken as maintenance from 2020-01-01 to 2025-12-17
    When the rule is evaluated
    Then it stays silent

  @near-miss
  Scenario: More than 24 months only together with induction
    Given lenalidomide 25 mg was taken as induction from 2022-04-01 to 2023-03-31
    And lenalidomide 10 mg was taken as maintenance from 2024-03-01 and continues
    When the rule is evaluated
    Then it stays silent

  @fires
  Scenario: With melphalan at another time
    Given oral melphalan was taken from 2018-04-01 to 2018-09-30
    And lenalidomide 10 mg was taken as maintenance from 2022-01-01 and continues
    When the rule is evaluated
    Then it recommends with indicator "warning"

  @fires
  Scenario: With oral melphalan at the same time
    Given oral melphalan was taken from 2022-01-01 to 2022-09-30
    And lenalidomide 10 mg was taken as maintenance from 2022-01-01 and continues
    When the rule is evaluated
    Then it recommends with indicator "warning"

  @fires
  Scenario: With a cancer before myeloma
    Given breast cancer was diagnosed on 2012-06-10 and is resolved
    And lenalidomide 10 mg was taken as maintenance from 2022-01-01 and continues
    When the rule is evaluated
    Then it recommends with indicator "warning"

  @fires
  Scenario: With a skin cancer before myeloma, which is another risk too
    Given basal cell carcinoma was diagnosed on 2012-06-10 and is resolved
    And lenalidomide 10 mg was taken as maintenance from 2022-01-01 and continues
    When the rule is evaluated
    Then it recommends with indicator "warning"

  @near-miss
  Scenario: With a cancer before myeloma, and exactly 24 months
    Given breast cancer was diagnosed on 2012-06-10 and is resolved
    And lenalidomide 10 mg was taken as maintenance from 2024-01-15 and continues
    When the rule is evaluated
    Then it stays silent

  @fires
  Scenario: With a new cancer
    Given lenalidomide 10 mg was taken as maintenance from 2022-01-01 and continues
    And colon cancer was diagnosed on 2025-06-01 and is active
    When the rule is evaluated
    Then it recommends with indicator "warning"

  @near-miss
  Scenario: Rd continuous is treatment, not maintenance
    Given lenalidomide 25 mg was taken from 2019-01-01 and continues
    And dexamethasone was taken from 2019-01-01 and continues
    When the rule is evaluated
    Then it stays silent

  @near-miss
  Scenario: Long lenalidomide as induction
    Given lenalidomide 25 mg was taken as induction from 2022-01-01 and continues
    When the rule is evaluated
    Then it stays silent

  @near-miss
  Scenario: Long maintenance with another drug
    Given thalidomide was taken as maintenance from 2020-01-01 and continues
    When the rule is evaluated
    Then it stays silent

  @fires
  Scenario Outline: Single-agent lenalidomide <dose> mg, started <days> after the transplant, is maintenance
    Given an autologous stem cell transplant was done on 2020-11-10
    And lenalidomide <dose> mg was taken from <start> and continues
    When the rule is evaluated
    Then it recommends with indicator "info"

    Examples:
      | dose | start      | days     |
      | 10   | 2021-02-15 | 97 days  |
      | 15   | 2020-12-10 | 30 days  |
      | 5    | 2021-11-10 | 365 days |

  @near-miss
  Scenario: More than 15 mg is not taken for maintenance
    Given an autologous stem cell transplant was done on 2020-11-10
    And lenalidomide 25 mg was taken from 2021-02-15 and continues
    When the rule is evaluated
    Then it does not fire

  @near-miss
  Scenario: Together with bortezomib it is not taken for maintenance
    Given an autologous stem cell transplant was done on 2020-11-10
    And lenalidomide 10 mg was taken from 2021-02-15 and continues
    And bortezomib was given from 2021-02-15 and continues
    When the rule is evaluated
    Then it does not fire

  @near-miss
  Scenario: Started after progression it is relapse treatment
    Given bortezomib was given from 2020-04-01 to 2020-09-15
    And an autologous stem cell transplant was done on 2020-11-10
    And myeloma progressed on 2021-02-01
    And lenalidomide 10 mg was taken from 2021-02-15 and continues
    When the rule is evaluated
    Then it stays silent

  @fires
  Scenario: A progression before the transplant does not speak against maintenance after it
    Given bortezomib was given from 2018-04-01 to 2018-09-15
    And myeloma progressed on 2020-02-01
    And bortezomib was given from 2020-03-01 to 2020-09-15
    And an autologous stem cell transplant was done on 2020-11-10
    And lenalidomide 10 mg was taken from 2021-02-15 and continues
    When the rule is evaluated
    Then it recommends with indicator "info"

  @unknown
  Scenario: Only the year of the start is recorded
    Given lenalidomide 10 mg was taken as maintenance from 2024 and continues
    When the rule is evaluated
    Then it is undecided
    And it asks about the lenalidomide dates

  @unknown
  Scenario: Long, but the phase is not told
    Given lenalidomide was taken from 2021-01-01 and continues
    When the rule is evaluated
    Then it is undecided

  @unless
  Scenario: The patient has died
    Given lenalidomide 10 mg was taken as maintenance from 2020-01-01 to 2025-12-20
    And the patient died on 2025-12-28
    When the rule is evaluated
    Then it stays silent

  @near-miss
  Scenario: Long maintenance with another drug, and then lenalidomide for a year
    Given thalidomide was taken as maintenance from 2020-01-01 to 2024-12-31
    And lenalidomide 10 mg was taken as maintenance from 2025-01-10 and continues
    When the rule is evaluated
    Then it stays silent

  @near-miss
  Scenario: Long maintenance ended, another drug is taken for maintenance, and there is another risk
    Given breast cancer was diagnosed on 2012-06-10 and is resolved
    And lenalidomide 10 mg was taken as maintenance from 2020-01-01 to 2023-12-31
    And thalidomide was taken as maintenance from 2024-03-01 and continues
    When the rule is evaluated
    Then it stays silent

  @near-miss
  Scenario: Long maintenance ended, lenalidomide is taken for consolidation, and there is another risk
    Given breast cancer was diagnosed on 2012-06-10 and is resolved
    And lenalidomide 10 mg was taken as maintenance from 2020-01-01 to 2023-12-31
    And lenalidomide 25 mg was taken as consolidation from 2025-03-01 and continues
    When the rule is evaluated
    Then it stays silent

  @fires
  Scenario: With a progression, past which it goes on
    Given lenalidomide 10 mg was taken as maintenance from 2022-06-20 and continues
    And myeloma progressed on 2025-06-10
    When the rule is evaluated
    Then it recommends with indicator "warning"

  @fires
  Scenario Outline: It speaks when an order is <moment>
    Given lenalidomide 10 mg was taken as maintenance from 2024-01-14 and continues
    And dexamethasone is ordered
    When the order is <moment>
    Then it recommends with indicator "info"

    Examples:
      | moment   |
      | selected |
      | signed   |

  @fires
  Scenario Outline: It is a reason for <check>
    Given lenalidomide 10 mg was taken as maintenance from 2024-01-14 and continues
    And the patient smoked 30 pack-years until 2020-03-10
    When the chart is opened
    Then the plan names SPM-09 as a reason for <check>

    Examples:
      | check                       |
      | second-cancer review        |
      | blood count                 |
      | skin check                  |
      | breast cancer screening     |
      | colorectal cancer screening |
      | cervical cancer screening   |
      | lung cancer screening       |
