@rule:SPM-06
Feature: More than one autologous transplant and lenalidomide
  Two transplants of the patient's own cells mean more melphalan; that they mean more second cancers was not shown.

  Background:
    Given today is 2026-01-15
    And the patient is a man aged 60
    And multiple myeloma was diagnosed on 2014-11-10
    And the patient was stated to be eligible for transplant on 2014-11-20

  Rule: With lenalidomide

    Background:
      Given lenalidomide 10 mg was taken from 2023-03-01 to 2024-02-28

    @fires
    Scenario: Years apart
      Given an autologous stem cell transplant was done on 2015-05-04
      And an autologous stem cell transplant was done on 2022-09-12
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "extra second-cancer risk not proven"
      And the card of it says "as frequent after two transplants as after one"
      And the patient had 2 transplants

    @fires
    Scenario: Exactly 30 days apart
      Given an autologous stem cell transplant was done on 2022-09-01
      And an autologous stem cell transplant was done on 2022-10-01
      When the rule is evaluated
      Then it recommends with indicator "info"

    @fires
    Scenario: Before lenalidomide and after it
      Given an autologous stem cell transplant was done on 2015-05-04
      And an autologous stem cell transplant was done on 2024-09-12
      When the rule is evaluated
      Then it recommends with indicator "info"

    @near-miss
    Scenario Outline: <days> days apart, so the records may tell of one infusion
      Given an autologous stem cell transplant was done on 2022-09-01
      And an autologous stem cell transplant was done on <day>
      When the rule is evaluated
      Then it stays silent
      And the patient had 1 transplant

      Examples:
        | days | day        |
        | 29   | 2022-09-30 |
        | 15   | 2022-09-16 |
        | 14   | 2022-09-15 |

    @near-miss
    Scenario: Three records within 29 days of the first
      Given an autologous stem cell transplant was done on 2022-09-01
      And an autologous stem cell transplant was done on 2022-09-15
      And an autologous stem cell transplant was done on 2022-09-30
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: Two codes of one infusion
      Given an autologous stem cell transplant was done on 2022-09-01, coded in CPT
      And an autologous stem cell transplant was done on 2022-09-02, coded in SNOMED CT
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: One transplant
      Given an autologous stem cell transplant was done on 2022-09-01
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: An autologous transplant and a donor transplant
      Given an autologous stem cell transplant was done on 2015-05-04
      And a donor stem cell transplant was done on 2022-09-12
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: The second transplant was not done
      Given an autologous stem cell transplant was done on 2015-05-04
      And an autologous stem cell transplant was not done on 2022-09-12
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: Cells were collected for a second transplant, which is awaited
      Given an autologous stem cell transplant was done on 2015-05-04
      And stem cells were collected on 2022-08-12
      And an autologous stem cell transplant was awaited on 2022-09-12
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: A transplant and, later, the status after one
      Given an autologous stem cell transplant was done on 2015-05-04
      And the status after a stem cell transplant was recorded on 2022-09-12
      When the rule is evaluated
      Then it stays silent

    @unknown
    Scenario: The second transplant is of unknown kind
      Given an autologous stem cell transplant was done on 2015-05-04
      And a stem cell transplant of unknown kind was done on 2022-09-12
      When the rule is evaluated
      Then it is undecided

    @unknown
    Scenario: The second transplant may not have been completed
      Given an autologous stem cell transplant was done on 2015-05-04
      And an autologous stem cell transplant on 2022-09-12 has the status "unknown"
      When the rule is evaluated
      Then it is undecided

    @unknown
    Scenario: Neither transplant may have been completed
      Given an autologous stem cell transplant on 2015-05-04 has the status "unknown"
      And an autologous stem cell transplant on 2022-09-12 has the status "unknown"
      When the rule is evaluated
      Then it is undecided
      And it asks about the transplant

    @unknown
    Scenario: Procedures were never searched
      Given Procedure was not searched
      When the rule is evaluated
      Then it does not fire

    @unless
    Scenario: The patient has died
      Given an autologous stem cell transplant was done on 2015-05-04
      And an autologous stem cell transplant was done on 2022-09-12
      And the patient died on 2025-12-28
      When the rule is evaluated
      Then it stays silent

  Rule: Without lenalidomide

    @near-miss
    Scenario: Two transplants alone
      Given an autologous stem cell transplant was done on 2015-05-04
      And an autologous stem cell transplant was done on 2022-09-12
      When the rule is evaluated
      Then it stays silent

  Rule: Days that are known within bounds

    Background:
      Given lenalidomide 10 mg was taken from 2023-03-01 to 2024-02-28

    @unknown
    Scenario: The nearest days of two transplants are 29 days apart, the farthest 31
      Given the record tells of these procedures
        | concept                         | date                   |
        | Autologous stem-cell transplant | 2022-09-01..2022-09-05 |
        | Autologous stem-cell transplant | 2022-09-10..2022-09-11 |
        | Autologous stem-cell transplant | 2022-10-10..2022-10-11 |
      When the rule is evaluated
      Then it is undecided

    @near-miss
    Scenario: The farthest days of two transplants are 29 days apart
      Given the record tells of these procedures
        | concept                         | date                   |
        | Autologous stem-cell transplant | 2022-09-01..2022-09-05 |
        | Autologous stem-cell transplant | 2022-09-11..2022-09-12 |
        | Autologous stem-cell transplant | 2022-10-09..2022-10-10 |
      When the rule is evaluated
      Then it stays silent

  Rule: Moments and plan

    @fires
    Scenario Outline: It speaks when an order is <moment>
      Given lenalidomide 10 mg was taken from 2023-03-01 to 2024-02-28
      And an autologous stem cell transplant was done on 2015-05-04
      And an autologous stem cell transplant was done on 2022-09-12
      And dexamethasone is ordered
      When the order is <moment>
      Then it recommends with indicator "info"

      Examples:
        | moment   |
        | selected |
        | signed   |

    @fires
    Scenario Outline: It is a reason for <check>
      Given lenalidomide 10 mg was taken from 2023-03-01 to 2024-02-28
      And an autologous stem cell transplant was done on 2015-05-04
      And an autologous stem cell transplant was done on 2022-09-12
      When the chart is opened
      Then the plan names SPM-06 as a reason for <check>

      Examples:
        | check                |
        | second-cancer review |
        | blood count          |
