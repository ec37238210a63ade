@rule:SPM-07
Feature: Donor transplant and lenalidomide
  Lenalidomide after a donor transplant can trigger graft-versus-host disease, and donor transplants have checks of their own.

  Background:
    Given today is 2026-01-15
    And the patient is a woman aged 55
    And multiple myeloma was diagnosed on 2018-03-01
    And the patient was stated to be eligible for transplant on 2018-03-01

  Rule: Lenalidomide now

    @fires
    Scenario: Active
      Given a donor stem cell transplant was done on 2020-11-10
      And lenalidomide 10 mg was taken from 2025-02-15 and continues
      When the rule is evaluated
      Then it recommends with indicator "warning"
      And the card of it says "graft-versus-host disease"
      And SPM-05 stays silent

    @fires
    Scenario: Ordered
      Given a donor stem cell transplant was done on 2020-11-10
      And lenalidomide 10 mg is ordered
      When the order is signed
      Then it recommends with indicator "warning"

    @fires
    Scenario: Donor lymphocytes tell of a donor transplant before
      Given donor lymphocytes were given on 2021-11-10
      And lenalidomide 10 mg was taken from 2025-02-15 and continues
      When the rule is evaluated
      Then it recommends with indicator "warning"

    @fires
    Scenario: Ended 28 days ago
      Given a donor stem cell transplant was done on 2020-11-10
      And lenalidomide 10 mg was taken from 2025-02-15 to 2025-12-18
      When the rule is evaluated
      Then it recommends with indicator "warning"

  Rule: Lenalidomide before

    @fires @near-miss
    Scenario: Ended 29 days ago
      Given a donor stem cell transplant was done on 2020-11-10
      And lenalidomide 10 mg was taken from 2025-02-15 to 2025-12-17
      When the rule is evaluated
      Then it recommends with indicator "info"

    @fires
    Scenario: Before the transplant
      Given lenalidomide 25 mg was taken as induction from 2020-02-15 to 2020-07-31
      And a donor stem cell transplant was done on 2020-11-10
      When the rule is evaluated
      Then it recommends with indicator "info"

  Rule: Identical twin

    @fires
    Scenario: Lenalidomide active
      Given an identical-twin stem cell transplant was done on 2020-11-10
      And lenalidomide 10 mg was taken from 2025-02-15 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"

    @fires
    Scenario: Lenalidomide ordered
      Given an identical-twin stem cell transplant was done on 2020-11-10
      And lenalidomide 10 mg is ordered
      When the order is signed
      Then it recommends with indicator "info"

  Rule: Silence and doubt

    @near-miss
    Scenario Outline: A <kind> transplant without lenalidomide
      Given a <kind> stem cell transplant was done on 2020-11-10
      When the rule is evaluated
      Then it stays silent

      Examples:
        | kind           |
        | donor          |
        | identical-twin |

    @near-miss
    Scenario: An autologous transplant
      Given an autologous stem cell transplant was done on 2020-11-10
      And lenalidomide 10 mg was taken from 2025-02-15 and continues
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: A donor transplant that was not done
      Given a donor stem cell transplant was not done on 2020-11-10
      And lenalidomide 10 mg was taken from 2025-02-15 and continues
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: Not in lymphoma
      Given multiple myeloma of 2018-03-01 has the verification status "entered-in-error"
      And lenalidomide 10 mg was taken from 2025-02-15 and continues
      When the rule is evaluated
      Then it stays silent

    @unknown
    Scenario: A transplant of unknown kind
      Given a stem cell transplant of unknown kind was done on 2020-11-10
      And lenalidomide 10 mg was taken from 2025-02-15 and continues
      When the rule is evaluated
      Then it is undecided
      And it asks about the transplant kind

    @unknown
    Scenario: Procedures were never searched
      Given Procedure was not searched
      And lenalidomide 10 mg was taken from 2025-02-15 and continues
      When the rule is evaluated
      Then it is undecided

    @unless
    Scenario: The patient has died
      Given a donor stem cell transplant was done on 2020-11-10
      And lenalidomide 10 mg was taken from 2025-02-15 to 2025-11-30
      And the patient died on 2025-12-28
      When the rule is evaluated
      Then it stays silent

  Rule: Another drug goes on

    @near-miss
    Scenario: Lenalidomide ended long ago
      Given a donor stem cell transplant was done on 2020-11-10
      And lenalidomide 10 mg was taken from 2021-02-15 to 2022-12-17
      And daratumumab was given from 2025-02-15 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"

  Rule: Moments and plan

    @fires
    Scenario Outline: It speaks when an order is <moment>
      Given a donor stem cell transplant was done on 2020-11-10
      And lenalidomide 10 mg was taken from 2025-02-15 and continues
      And dexamethasone is ordered
      When the order is <moment>
      Then it recommends with indicator "warning"

      Examples:
        | moment   |
        | selected |
        | signed   |

    @fires
    Scenario Outline: It is a reason for <check>
      Given a donor stem cell transplant was done on 2020-11-10
      And lenalidomide 10 mg was taken from 2025-02-15 and continues
      When the chart is opened
      Then the plan names SPM-07 as a reason for <check>

      Examples:
        | check                     |
        | skin check                |
        | cervical cancer screening |
        | second-cancer review      |
