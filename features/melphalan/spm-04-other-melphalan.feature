@rule:SPM-04
Feature: Melphalan before or after lenalidomide, or of unknown kind
  Melphalan causes leukaemia; with lenalidomide besides, at whatever time, the risk is raised.

  Background:
    Given today is 2026-01-15
    And the patient is a woman aged 68
    And multiple myeloma was diagnosed on 2017-03-01
    And the patient was stated to be eligible for transplant on 2017-03-01

  Rule: Oral melphalan at another time

    @fires
    Scenario Outline: Oral melphalan <side> lenalidomide
      Given oral melphalan was taken from <start> to <end>
      And lenalidomide 10 mg was taken from 2020-01-01 to 2021-01-31
      When the rule is evaluated
      Then it recommends with indicator "warning"
      And SPM-03 stays silent

      Examples:
        | side   | start      | end        |
        | before | 2018-01-01 | 2018-09-30 |
        | after  | 2022-01-01 | 2022-09-30 |

    @unless
    Scenario: Taken together with lenalidomide
      Given oral melphalan was taken from 2020-06-01 to 2020-12-31
      And lenalidomide 10 mg was taken from 2020-01-01 to 2021-01-31
      When the rule is evaluated
      Then it stays silent
      And SPM-03 fires with indicator "warning"

    @unless
    Scenario: Started 30 days after lenalidomide, without a day in common
      Given oral melphalan was taken from 2020-01-31 to 2020-02-28
      And lenalidomide 10 mg was taken from 2020-01-01 to 2020-01-20
      When the rule is evaluated
      Then it stays silent
      And SPM-03 fires with indicator "warning"

    @fires
    Scenario: Started 31 days after lenalidomide, without a day in common
      Given oral melphalan was taken from 2020-02-01 to 2020-02-28
      And lenalidomide 10 mg was taken from 2020-01-01 to 2020-01-20
      When the rule is evaluated
      Then it recommends with indicator "warning"

    @fires
    Scenario: One course together with lenalidomide, another years before
      Given oral melphalan was taken from 2017-04-01 to 2017-09-30
      And oral melphalan was taken from 2020-06-01 to 2020-12-31
      And lenalidomide 10 mg was taken from 2020-01-01 to 2021-01-31
      When the rule is evaluated
      Then it recommends with indicator "warning"
      And SPM-03 fires with indicator "warning"

  Rule: Intravenous, not high-dose, or of unknown kind

    Background:
      Given lenalidomide 10 mg was taken from 2020-01-01 to 2021-01-31

    @fires
    Scenario: One milligram below high dose, far from a transplant
      Given intravenous melphalan was given
        | date       | dose | unit  |
        | 2018-06-13 | 139  | mg/m2 |
      When the rule is evaluated
      Then it recommends with indicator "warning"
      And SPM-05 stays silent

    @near-miss
    Scenario: High dose
      Given intravenous melphalan was given
        | date       | dose | unit  |
        | 2018-06-13 | 140  | mg/m2 |
      When the rule is evaluated
      Then it stays silent
      And SPM-05 fires with indicator "warning"

    @near-miss
    Scenario: High dose split over seven days
      Given intravenous melphalan was given
        | date       | dose | unit  |
        | 2018-06-13 | 70   | mg/m2 |
        | 2018-06-19 | 70   | mg/m2 |
      When the rule is evaluated
      Then it stays silent
      And SPM-05 fires with indicator "warning"

    @fires
    Scenario: The same amount over more than seven days is no high dose
      Given intravenous melphalan was given
        | date       | dose | unit  |
        | 2018-06-13 | 70   | mg/m2 |
        | 2018-06-20 | 70   | mg/m2 |
      When the rule is evaluated
      Then it recommends with indicator "warning"
      And SPM-05 stays silent

    @near-miss
    Scenario: Any intravenous dose 14 days before an autologous transplant is its conditioning
      Given intravenous melphalan was given
        | date       | dose | unit  |
        | 2018-06-13 | 100  | mg/m2 |
      And an autologous stem cell transplant was done on 2018-06-27
      When the rule is evaluated
      Then it stays silent

    @fires
    Scenario: 15 days before an autologous transplant it is not
      Given intravenous melphalan was given
        | date       | dose | unit  |
        | 2018-06-12 | 100  | mg/m2 |
      And an autologous stem cell transplant was done on 2018-06-27
      When the rule is evaluated
      Then it recommends with indicator "warning"

    @fires
    Scenario: Milligrams are never taken for milligrams per square metre
      Given intravenous melphalan was given
        | date       | dose | unit |
        | 2018-06-13 | 200  | mg   |
      When the rule is evaluated
      Then it recommends with indicator "warning"
      And SPM-05 does not fire

    @fires @unknown
    Scenario: Melphalan of unknown kind
      Given melphalan was given from 2018-04-01 to 2018-09-30
      When the rule is evaluated
      Then it recommends with indicator "warning"
      And the card of it says "whose kind is not recorded"

    @fires
    Scenario: Melphalan whose route tells that it was intravenous
      Given melphalan by vein was given on 2018-04-01
      When the rule is evaluated
      Then it recommends with indicator "warning"

  Rule: Melphalan flufenamide

    @fires
    Scenario: It is another molecule, and counts here by convention
      Given lenalidomide 10 mg was taken from 2020-01-01 to 2021-01-31
      And melphalan flufenamide was given from 2022-01-01 to 2022-06-30
      When the rule is evaluated
      Then it recommends with indicator "warning"
      And the card of it says "another molecule than melphalan"
      And SPM-03 stays silent
      And SPM-05 stays silent

  Rule: Silence and doubt

    @near-miss
    Scenario: No melphalan
      Given lenalidomide 10 mg was taken from 2020-01-01 to 2021-01-31
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: No lenalidomide
      Given oral melphalan was taken from 2018-01-01 to 2018-09-30
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario Outline: <drug> is not systemic melphalan
      Given lenalidomide 10 mg was taken from 2020-01-01 to 2021-01-31
      And <drug> was given from 2018-01-01 to 2018-09-30
      When the rule is evaluated
      Then it stays silent

      Examples:
        | drug                     |
        | melphalan into the eye   |
        | melphalan into the liver |
        | cyclophosphamide         |

    @near-miss
    Scenario: Melphalan only ordered now
      Given lenalidomide 10 mg was taken from 2020-01-01 to 2021-01-31
      And oral melphalan is ordered
      When the order is signed
      Then it stays silent

    @unknown
    Scenario: Melphalan whose record proves nothing
      Given lenalidomide 10 mg was taken from 2020-01-01 to 2021-01-31
      And a medication statement of melphalan from 2018-01-01 to 2018-09-30 has the status "unknown"
      When the rule is evaluated
      Then it is undecided
      And it asks about the melphalan exposure

    @unknown
    Scenario: Melphalan flufenamide whose record proves nothing
      Given lenalidomide 10 mg was taken from 2020-01-01 to 2021-01-31
      And a medication statement of melphalan flufenamide from 2018-01-01 to 2018-09-30 has the status "unknown"
      When the rule is evaluated
      Then it is undecided
      And it asks about the melphalan exposure

    @unknown
    Scenario: Oral melphalan without a date is asked about, and counts for this rule or the other
      Given lenalidomide 10 mg was taken from 2020-01-01 to 2021-01-31
      And oral melphalan was taken at no recorded time
      When the rule is evaluated
      Then it is undecided
      And SPM-03 is undecided
      And it asks about the melphalan dates

    @unless
    Scenario: The patient has died
      Given lenalidomide 10 mg was taken from 2020-01-01 to 2021-01-31
      And oral melphalan was taken from 2018-01-01 to 2018-09-30
      And the patient died on 2024-12-28
      When the rule is evaluated
      Then it stays silent

  Rule: Other drugs together with melphalan

    @fires
    Scenario: Melphalan together with dexamethasone, lenalidomide later
      Given oral melphalan was taken from 2018-01-01 to 2018-09-30
      And dexamethasone was taken from 2018-01-01 to 2018-09-30
      And lenalidomide 10 mg was taken from 2020-01-01 to 2021-01-31
      When the rule is evaluated
      Then it recommends with indicator "warning"
      And SPM-03 stays silent

  Rule: Moments and plan

    @fires
    Scenario Outline: It speaks when an order is <moment>
      Given oral melphalan was taken from 2018-01-01 to 2018-09-30
      And lenalidomide 10 mg was taken from 2020-01-01 to 2021-01-31
      And dexamethasone is ordered
      When the order is <moment>
      Then it recommends with indicator "warning"

      Examples:
        | moment   |
        | selected |
        | signed   |

    @fires
    Scenario Outline: It is a reason for <check>
      Given oral melphalan was taken from 2018-01-01 to 2018-09-30
      And lenalidomide 10 mg was taken from 2020-01-01 to 2021-01-31
      When the chart is opened
      Then the plan names SPM-04 as a reason for <check>

      Examples:
        | check                |
        | blood count          |
        | second-cancer review |
