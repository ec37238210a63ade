@rule:OUR-01
Feature: Lenalidomide ordered at high age
  The hospital's geriatric clinic sees patients from 80 years on before lenalidomide is started.

  Background:
    Given today is 2026-01-15

  Rule: The age decides

    Background:
      Given multiple myeloma was diagnosed on 2025-03-01
      And lenalidomide 10 mg is ordered

    Scenario Outline: A woman born <born> is <age>
      Given the patient is a woman born <born>
      When the order is signed
      Then it <does>

      @fires
      Examples:
        | born       | age | does                           |
        | 1946-01-15 | 80  | recommends with indicator "info" |

      @near-miss
      Examples:
        | born       | age | does         |
        | 1946-01-16 | 79  | stays silent |

    @unknown
    Scenario: The age is not recorded
      Given the patient is a woman of unrecorded age
      When the order is signed
      Then it is undecided
      And it asks about the birth date

    @fires
    Scenario: The order is only selected yet
      Given the patient is a man aged 84
      When the order is selected
      Then it recommends with indicator "info"

  Rule: Only where lenalidomide begins

    Background:
      Given multiple myeloma was diagnosed on 2025-03-01
      And the patient is a man aged 84

    @unless
    Scenario: It is being taken already
      Given lenalidomide 10 mg was taken from 2025-04-01 and continues
      And lenalidomide 10 mg is ordered
      When the order is signed
      Then it stays silent

    @fires
    Scenario: It ended before
      Given lenalidomide 10 mg was taken from 2025-04-01 to 2025-06-30
      And lenalidomide 10 mg is ordered
      When the order is signed
      Then it recommends with indicator "info"

    @fires
    Scenario: Another drug is being taken
      Given bortezomib was taken from 2025-04-01 and continues
      And lenalidomide 10 mg is ordered
      When the order is signed
      Then it recommends with indicator "info"

    @near-miss
    Scenario: Something else is ordered
      Given pomalidomide is ordered
      When the order is signed
      Then it stays silent

    @unless
    Scenario: The patient has died
      Given the patient died on 2026-01-10
      And lenalidomide 10 mg is ordered
      When the order is signed
      Then it stays silent

  Rule: Only in myeloma

    @near-miss
    Scenario: It is for another disease
      Given MDS with isolated del(5q) was diagnosed on 2025-03-01
      And the patient is a man aged 84
      And lenalidomide 10 mg is ordered
      When the order is signed
      Then it stays silent
