@rule:SPM-03
Feature: Lenalidomide together with oral melphalan
  The highest reported rate of leukaemia and MDS. The combination is licensed in the EU: a reason to look, not an error.

  Background:
    Given today is 2026-01-15
    And the patient is a man aged 72
    And multiple myeloma was diagnosed on 2019-03-01
    And the patient was stated to be eligible for transplant on 2019-03-01

  Rule: Both now

    @fires
    Scenario: Both are being taken
      Given lenalidomide 10 mg was taken from 2025-10-01 and continues
      And oral melphalan was taken from 2025-10-01 and continues
      When the rule is evaluated
      Then it recommends with indicator "critical"
      And the card of it says "licensed in the EU"
      And it names the fact "lenalidomide"
      And it names the fact "melphalan"
      And SPM-04 stays silent

    @fires
    Scenario: No day in common, but started within 30 days, and both still count as current
      Given lenalidomide 10 mg was taken from 2025-12-20 to 2026-01-05
      And oral melphalan was taken from 2026-01-10 and continues
      When the rule is evaluated
      Then it recommends with indicator "critical"

    @near-miss
    Scenario: Lenalidomide goes on, melphalan ended 29 days ago
      Given lenalidomide 10 mg was taken from 2025-10-01 and continues
      And oral melphalan was taken from 2025-10-01 to 2025-12-17
      When the rule is evaluated
      Then it recommends with indicator "warning"

    @near-miss
    Scenario: Melphalan goes on, lenalidomide ended 29 days ago
      Given lenalidomide 10 mg was taken from 2025-10-01 to 2025-12-17
      And oral melphalan was taken from 2025-10-01 and continues
      When the rule is evaluated
      Then it recommends with indicator "warning"

    @unknown
    Scenario: Lenalidomide in words only is never critical
      Given a medication statement in words only says "Revlimid" from 2025-10-01 and continues
      And oral melphalan was taken from 2025-10-01 and continues
      When the rule is evaluated
      Then it recommends with indicator "warning"
      And it is worded as possible

  Rule: Together before

    @fires
    Scenario: One day in common
      Given lenalidomide 10 mg was taken from 2021-06-30 to 2022-01-31
      And oral melphalan was taken from 2021-01-01 to 2021-06-30
      When the rule is evaluated
      Then it recommends with indicator "warning"

    @near-miss
    Scenario: Lenalidomide begins the day after melphalan ended
      Given lenalidomide 10 mg was taken from 2021-07-01 to 2022-01-31
      And oral melphalan was taken from 2021-01-01 to 2021-06-30
      When the rule is evaluated
      Then it stays silent
      And SPM-04 fires with indicator "warning"

    @fires
    Scenario: No day in common, started 30 days apart
      Given lenalidomide 10 mg was taken from 2021-01-01 to 2021-01-20
      And oral melphalan was taken from 2021-01-31 to 2021-02-10
      When the rule is evaluated
      Then it recommends with indicator "warning"
      And SPM-04 stays silent

    @near-miss
    Scenario: No day in common, started 31 days apart
      Given lenalidomide 10 mg was taken from 2021-01-01 to 2021-01-20
      And oral melphalan was taken from 2021-02-01 to 2021-02-10
      When the rule is evaluated
      Then it stays silent
      And SPM-04 fires with indicator "warning"

    @fires
    Scenario: Melphalan whose route tells that it was oral
      Given lenalidomide 10 mg was taken from 2021-01-01 to 2022-01-31
      And melphalan by mouth was taken from 2021-01-01 to 2021-06-30
      When the rule is evaluated
      Then it recommends with indicator "warning"

    @fires
    Scenario: Melphalan in words that tell that it was oral
      Given lenalidomide 10 mg was taken from 2021-01-01 to 2022-01-31
      And a medication statement in words only says "Alkeran 2 mg tablets" from 2021-01-01 to 2021-06-30
      When the rule is evaluated
      Then it recommends with indicator "warning"
      And it is worded as possible

    @near-miss
    Scenario Outline: <drug> at the same time
      Given lenalidomide 10 mg was taken from 2021-01-01 to 2022-01-31
      And <drug> was given from 2021-01-01 to 2021-06-30
      When the rule is evaluated
      Then it stays silent

      Examples:
        | drug                     |
        | melphalan flufenamide    |
        | melphalan into the eye   |
        | melphalan into the liver |
        | cyclophosphamide         |
        | thalidomide              |

    @near-miss
    Scenario: Intravenous melphalan at the same time, not high-dose
      Given lenalidomide 10 mg was taken from 2021-01-01 to 2022-01-31
      And intravenous melphalan was given
        | date       | dose | unit  |
        | 2021-03-01 | 16   | mg/m2 |
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: Intravenous melphalan without a dose was not taken by mouth
      Given lenalidomide 10 mg was taken from 2025-01-01 and continues
      And intravenous melphalan was given from 2025-10-01 and continues
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: One infusion of melphalan whose dose is not told per body surface
      Given lenalidomide 10 mg was taken from 2025-01-01 and continues
      And intravenous melphalan 30 mg was given on 2025-10-01
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: Melphalan without lenalidomide
      Given bortezomib was given from 2021-01-01 to 2021-06-30
      And oral melphalan was taken from 2021-01-01 to 2021-06-30
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: Prescribed, but refused
      Given lenalidomide 10 mg was taken from 2021-01-01 to 2022-01-31
      And oral melphalan was prescribed from 2021-01-01 to 2021-06-30
      And oral melphalan was refused from 2021-01-01 to 2021-06-30
      When the rule is evaluated
      Then it stays silent

    @unknown
    Scenario: Melphalan at the same time, kind not recorded
      Given lenalidomide 10 mg was taken from 2021-01-01 and continues
      And melphalan was given from 2025-10-01 and continues
      When the rule is evaluated
      Then it is undecided
      And it asks about the melphalan kind
      And SPM-04 fires with indicator "warning"

    @unknown
    Scenario: Oral melphalan of which only the year is recorded
      Given lenalidomide 10 mg was taken from 2021-06-01 to 2022-01-31
      And oral melphalan was taken on 2021
      When the rule is evaluated
      Then it is undecided

    @unknown
    Scenario: Oral melphalan whose record proves nothing
      Given lenalidomide 10 mg was taken from 2021-06-01 to 2022-01-31
      And a medication request of oral melphalan from 2021-06-01 to 2022-01-31 has the status "on-hold"
      When the rule is evaluated
      Then it is undecided
      And it asks about the melphalan exposure

  Rule: Other patients

    @near-miss
    Scenario: Not in lymphoma
      Given multiple myeloma of 2019-03-01 has the verification status "refuted"
      And lenalidomide 10 mg was taken from 2021-01-01 to 2022-01-31
      When the rule is evaluated
      Then it stays silent

    @unless
    Scenario: The patient has died
      Given lenalidomide 10 mg was taken from 2021-01-01 to 2022-01-31
      And oral melphalan was taken from 2021-01-01 to 2021-06-30
      And the patient died on 2024-12-28
      When the rule is evaluated
      Then it stays silent

  Rule: Both count as current, but were not taken together

    @near-miss
    Scenario: Melphalan began after lenalidomide ended, and long after it began
      Given lenalidomide 10 mg was taken from 2025-10-01 to 2025-12-25
      And oral melphalan was taken from 2026-01-05 and continues
      When the rule is evaluated
      Then it stays silent
      And SPM-04 fires with indicator "warning"

    @near-miss
    Scenario: Melphalan without lenalidomide, now
      Given bortezomib was given from 2025-10-01 and continues
      And oral melphalan was taken from 2025-10-01 and continues
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: Lenalidomide and another drug, now
      Given lenalidomide 10 mg was taken from 2025-10-01 and continues
      And cyclophosphamide was taken from 2025-10-01 and continues
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: Intravenous melphalan that began on the day of lenalidomide
      Given lenalidomide 10 mg was taken from 2025-10-01 and continues
      And intravenous melphalan was given from 2025-10-01 and continues
      When the rule is evaluated
      Then it stays silent

  Rule: Moments and plan

    @fires
    Scenario Outline: It speaks when an order is <moment>
      Given lenalidomide 10 mg was taken from 2025-10-01 and continues
      And oral melphalan was taken from 2025-10-01 and continues
      And dexamethasone is ordered
      When the order is <moment>
      Then it recommends with indicator "critical"

      Examples:
        | moment   |
        | selected |
        | signed   |

    @fires
    Scenario Outline: It is a reason for <check>
      Given lenalidomide 10 mg was taken from 2025-10-01 and continues
      And oral melphalan was taken from 2025-10-01 and continues
      When the chart is opened
      Then the plan names SPM-03 as a reason for <check>

      Examples:
        | check                |
        | blood count          |
        | second-cancer review |
