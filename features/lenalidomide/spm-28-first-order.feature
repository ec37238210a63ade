@rule:SPM-28
Feature: First lenalidomide order
  Before the very first dose a baseline is suggested; that there was lenalidomide before is enough to be silent.

  Background:
    Given today is 2026-01-15
    And the patient is a man aged 60
    And the patient was stated to be eligible for transplant on 2025-03-20

  Rule: In myeloma

    Background:
      Given multiple myeloma was diagnosed on 2025-03-10

    @fires
    Scenario: Never taken before
      Given lenalidomide 25 mg is ordered
      When the order is signed
      Then it recommends with indicator "info"
      And the card of it says "baseline CBC and cancer screening before start"

    @fires
    Scenario: Other treatment before
      Given bortezomib was given from 2025-04-01 to 2025-08-31
      And lenalidomide 10 mg is ordered as maintenance
      When the order is signed
      Then it recommends with indicator "info"

    @fires
    Scenario: What is on record of lenalidomide was not taken
      Given a medication statement of lenalidomide from 2025-04-01 to 2025-06-30 has the status "not-taken"
      And lenalidomide 25 mg is ordered
      When the order is signed
      Then it recommends with indicator "info"

    @fires
    Scenario: A regimen in words, of which it is a part
      Given an order in words only says "VRd"
      When the order is signed
      Then it recommends with indicator "info"
      And it is worded as possible

    @near-miss
    Scenario: It is told when the order is signed, not when it is selected
      Given lenalidomide 25 mg is ordered
      When the order is selected
      Then it stays silent

    @near-miss
    Scenario: Nothing is ordered
      When the chart is opened
      Then it stays silent

    @near-miss
    Scenario: Another drug is ordered
      Given pomalidomide is ordered
      When the order is signed
      Then it stays silent

    @unless
    Scenario Outline: Lenalidomide was taken <when>
      Given lenalidomide 25 mg was taken <period>
      And lenalidomide 25 mg is ordered
      When the order is signed
      Then it stays silent

      Examples:
        | when         | period                         |
        | until today  | from 2025-04-01 and continues  |
        | long ago     | from 2018-04-01 to 2018-06-30  |

    @unknown
    Scenario: Lenalidomide that may have been taken
      Given a medication statement of lenalidomide from 2025-04-01 to 2025-06-30 has the status "unknown"
      And lenalidomide 25 mg is ordered
      When the order is signed
      Then it is undecided
      And it asks about the lenalidomide exposure

    @unknown
    Scenario: Drugs were never searched
      Given MedicationStatement was not searched
      And lenalidomide 25 mg is ordered
      When the order is signed
      Then it is undecided

    @unless
    Scenario: The patient has died
      Given lenalidomide 25 mg is ordered
      And the patient died on 2026-01-14
      When the order is signed
      Then it stays silent

  Rule: Outside myeloma

    @near-miss
    Scenario: For another disease
      Given follicular lymphoma was diagnosed on 2024-03-01
      And lenalidomide 20 mg is ordered
      When the order is signed
      Then it stays silent
