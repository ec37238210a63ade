@rule:SPM-02
Feature: Lenalidomide in two phases, or for long
  Part a: lenalidomide in induction and again in maintenance. Part b: 36 months or more in all.

  Background:
    Given today is 2026-01-15
    And the patient is a man aged 62
    And multiple myeloma was diagnosed on 2018-03-01
    And the patient was stated to be eligible for transplant on 2018-03-01

  @fires
  Scenario: Recorded as induction and as maintenance
    Given lenalidomide 25 mg was taken as induction from 2024-04-01 to 2024-08-31
    And lenalidomide 10 mg was taken as maintenance from 2025-02-15 and continues
    When the rule is evaluated
    Then part a fires with indicator "warning"
    And part b stays silent
    And the card of part a says "in both induction and maintenance"

  @fires
  Scenario: Phases told by the drugs given with it and by the transplant
    Given lenalidomide 25 mg was taken from 2020-04-01 to 2020-09-15
    And bortezomib was given from 2020-04-01 to 2020-09-15
    And dexamethasone was taken from 2020-04-01 to 2020-09-15
    And an autologous stem cell transplant was done on 2020-11-10
    And lenalidomide 10 mg was taken from 2021-02-15 to 2022-02-14
    When the rule is evaluated
    Then part a fires with indicator "warning"

  @near-miss
  Scenario: Induction alone
    Given lenalidomide 25 mg was taken as induction from 2024-04-01 to 2024-08-31
    When the rule is evaluated
    Then it stays silent

  @near-miss
  Scenario: Maintenance alone
    Given lenalidomide 10 mg was taken as maintenance from 2024-04-01 and continues
    When the rule is evaluated
    Then it stays silent

  @near-miss
  Scenario: Two inductions
    Given lenalidomide 25 mg was taken as induction from 2021-04-01 to 2021-08-31
    And lenalidomide 25 mg was taken as induction from 2023-04-01 to 2023-08-31
    When the rule is evaluated
    Then it stays silent

  @near-miss
  Scenario: Induction and maintenance recorded for the same days are one treatment
    Given lenalidomide 10 mg was taken as induction from 2024-04-01 to 2024-08-31
    And lenalidomide 10 mg was taken as maintenance from 2024-04-01 to 2024-08-31
    When the rule is evaluated
    Then it stays silent

  @near-miss
  Scenario: Induction without lenalidomide
    Given bortezomib was given from 2023-04-01 to 2023-08-31
    And dexamethasone was taken from 2023-04-01 to 2023-08-31
    And lenalidomide 10 mg was taken as maintenance from 2024-04-01 and continues
    When the rule is evaluated
    Then it stays silent

  @fires
  Scenario: Exactly 36 months in one course
    Given lenalidomide 10 mg was taken as maintenance from 2020-01-01 to 2022-12-31
    When the rule is evaluated
    Then part b fires with indicator "warning"
    And part a stays silent

  @near-miss
  Scenario: One day less than 36 months
    Given lenalidomide 10 mg was taken as maintenance from 2020-01-01 to 2022-12-30
    When the rule is evaluated
    Then it stays silent

  @fires
  Scenario: 36 months made of two courses with a long break
    Given lenalidomide 10 mg was taken as maintenance from 2019-01-01 to 2020-06-30
    And lenalidomide 10 mg was taken as maintenance from 2022-01-01 to 2023-07-03
    When the rule is evaluated
    Then part b fires with indicator "warning"

  @near-miss
  Scenario: Two strengths on the same days count once
    Given lenalidomide 10 mg was taken as maintenance from 2023-02-01 to 2025-01-31
    And lenalidomide 5 mg was taken as maintenance from 2023-02-01 to 2025-01-31
    When the rule is evaluated
    Then it stays silent
    And lenalidomide adds up to 24.0 months

  @near-miss
  Scenario: One course told by four kinds of record counts once
    Given lenalidomide 10 mg was prescribed as maintenance from 2023-02-01 to 2024-08-31
    And lenalidomide 10 mg was dispensed as maintenance every 28 days from 2023-02-01 to 2024-08-31
    And lenalidomide 10 mg was taken as maintenance from 2023-02-01 to 2024-08-31
    And lenalidomide 10 mg was given as maintenance on 2023-02-01
    When the rule is evaluated
    Then it stays silent
    And lenalidomide adds up to 19.0 months

  @fires
  Scenario: A gap of 60 days is bridged
    Given lenalidomide 10 mg was taken as maintenance from 2020-01-01 to 2021-06-30
    And lenalidomide 10 mg was taken as maintenance from 2021-08-30 to 2023-01-15
    When the rule is evaluated
    Then part b fires with indicator "warning"

  @near-miss
  Scenario: A gap of 61 days is a break and does not count
    Given lenalidomide 10 mg was taken as maintenance from 2020-01-01 to 2021-06-30
    And lenalidomide 10 mg was taken as maintenance from 2021-08-31 to 2023-01-15
    When the rule is evaluated
    Then it stays silent

  @fires
  Scenario: Phases not told, long all the same
    Given lenalidomide was taken from 2019-01-01 to 2022-06-30
    When the rule is evaluated
    Then part b fires with indicator "warning"
    And part a does not fire

  @unknown
  Scenario: Only the year of the start is recorded
    Given lenalidomide 10 mg was taken as maintenance from 2023 and continues
    When the rule is evaluated
    Then part b is undecided
    And it asks about the lenalidomide dates

  @near-miss
  Scenario: Only the year of the start is recorded, and even January would be too late
    Given lenalidomide 10 mg was taken as maintenance from 2024 to 2025-12-31
    When the rule is evaluated
    Then part b stays silent

  @unknown
  Scenario: The end is not recorded
    Given lenalidomide 10 mg was taken as maintenance from 2021-01-01 with no recorded end
    When the rule is evaluated
    Then part b is undecided
    And it asks about the lenalidomide dates

  @unknown
  Scenario: The start is not recorded
    Given lenalidomide 10 mg was taken as maintenance until 2025-06-30 with no recorded start
    When the rule is evaluated
    Then part b is undecided
    And it asks about the lenalidomide dates

  @near-miss
  Scenario: No lenalidomide
    Given thalidomide was taken from 2018-01-01 to 2022-12-31
    When the rule is evaluated
    Then it stays silent

  @unless
  Scenario: The patient has died
    Given lenalidomide 10 mg was taken as maintenance from 2020-01-01 to 2023-12-31
    And the patient died on 2025-12-01
    When the rule is evaluated
    Then it stays silent

  @near-miss
  Scenario: Induction with lenalidomide, maintenance with another drug
    Given lenalidomide 25 mg was taken as induction from 2024-04-01 to 2024-08-31
    And thalidomide was taken as maintenance from 2025-02-15 and continues
    When the rule is evaluated
    Then it stays silent

  @fires
  Scenario Outline: It speaks when an order is <moment>
    Given lenalidomide 10 mg was taken as maintenance from 2020-01-01 and continues
    And dexamethasone is ordered
    When the order is <moment>
    Then part b fires with indicator "warning"

    Examples:
      | moment   |
      | selected |
      | signed   |

  @fires
  Scenario Outline: It is a reason for <check>
    Given lenalidomide 10 mg was taken as maintenance from 2020-01-01 and continues
    When the chart is opened
    Then the plan names SPM-02b as a reason for <check>

    Examples:
      | check                |
      | second-cancer review |
      | blood count          |
