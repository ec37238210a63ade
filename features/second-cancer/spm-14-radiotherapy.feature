@rule:SPM-14
Feature: Radiotherapy and lenalidomide
  Completed radiotherapy belongs into the review of second cancers; what was planned or not done does not.

  Background:
    Given today is 2026-01-15
    And the patient is a man aged 63
    And multiple myeloma was diagnosed on 2020-11-10
    And the patient was stated to be eligible for transplant on 2020-11-20

  Rule: With lenalidomide

    Background:
      Given lenalidomide 10 mg was taken from 2024-01-20 to 2024-12-31

    @fires
    Scenario Outline: Completed <when> lenalidomide
      Given radiotherapy was completed on <day>
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "treated area"

      Examples:
        | when   | day        |
        | before | 2021-05-20 |
        | after  | 2025-05-20 |

    @fires
    Scenario: Only a history of it is recorded
      Given a history of irradiation was recorded on 2025-05-20
      When the rule is evaluated
      Then it recommends with indicator "info"

    @fires
    Scenario Outline: Of the whole body, as "<text>"
      Given a procedure in words only says "<text>" on 2021-05-20
      When the rule is evaluated
      Then it recommends with indicator "warning"
      And it is worded as possible
      And it asks about the radiotherapy

      Examples:
        | text                   |
        | Total body irradiation |
        | TBI                    |

    @fires
    Scenario: Of the whole body, as a code that a site adds would tell it
      Given the record tells of these procedures
        | concept                | date       |
        | Total-body irradiation | 2021-05-20 |
      When the rule is evaluated
      Then it recommends with indicator "warning"

    @near-miss
    Scenario: Radiotherapy of one area in words
      Given a procedure in words only says "Radiotherapy of the spine" on 2021-05-20
      When the rule is evaluated
      Then it recommends with indicator "info"

    @near-miss
    Scenario Outline: Radiotherapy that is <status>
      Given radiotherapy on 2021-05-20 has the status "<status>"
      When the rule is evaluated
      Then it stays silent

      Examples:
        | status           |
        | not-done         |
        | preparation      |
        | on-hold          |
        | entered-in-error |

    @near-miss
    Scenario: Only a visit for it
      Given an encounter for radiotherapy was recorded on 2021-05-20
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: Radiotherapy of the day after today
      Given radiotherapy was completed on 2026-01-16
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: No radiotherapy
      When the rule is evaluated
      Then it stays silent

    @unknown
    Scenario Outline: Radiotherapy that is <status> may have been given
      Given radiotherapy on 2021-05-20 has the status "<status>"
      When the rule is evaluated
      Then it is undecided

      Examples:
        | status      |
        | in-progress |
        | stopped     |
        | unknown     |

    @unknown
    Scenario: Procedures were never searched, so irradiation of the whole body may have been done
      Given Procedure was not searched
      When the rule is evaluated
      Then it is undecided
      And it asks about the radiotherapy

    @unless
    Scenario: The patient has died
      Given radiotherapy was completed on 2021-05-20
      And the patient died on 2025-12-28
      When the rule is evaluated
      Then it stays silent

  Rule: Without lenalidomide

    @near-miss
    Scenario: Radiotherapy alone
      Given radiotherapy was completed on 2021-05-20
      When the rule is evaluated
      Then it stays silent

  Rule: Moments and plan

    @fires
    Scenario Outline: It speaks when an order is <moment>
      Given lenalidomide 10 mg was taken from 2024-01-20 to 2024-12-31
      And radiotherapy was completed on 2021-05-20
      And dexamethasone is ordered
      When the order is <moment>
      Then it recommends with indicator "info"

      Examples:
        | moment   |
        | selected |
        | signed   |

    @fires
    Scenario: It is a reason for second-cancer review
      Given lenalidomide 10 mg was taken from 2024-01-20 to 2024-12-31
      And radiotherapy was completed on 2021-05-20
      When the chart is opened
      Then the plan names SPM-14 as a reason for second-cancer review
