@rule:SPM-08
Feature: Lenalidomide in a patient who is no transplant candidate
  Only what is stated counts, or what age at diagnosis and time leave no doubt about. "Not yet" is not "not eligible".

  Background:
    Given today is 2026-01-15

  Rule: Stated

    @fires
    Scenario: Stated by a code
      Given the patient is a woman aged 60
      And multiple myeloma was diagnosed on 2024-03-01
      And the patient was stated to be ineligible for transplant on 2024-03-15
      And lenalidomide 10 mg was taken from 2024-04-01 to 2024-12-31
      When the rule is evaluated
      Then it recommends with indicator "warning"
      And the card of it says "died of a second cancer"
      And the card of it says "died of myeloma"

    @fires
    Scenario Outline: Stated in words, "<text>"
      Given the patient is a woman aged 60
      And multiple myeloma was diagnosed on 2024-03-01
      And an observation on 2024-03-15 says "<text>"
      And lenalidomide 10 mg was taken from 2024-04-01 to 2024-12-31
      When the rule is evaluated
      Then it recommends with indicator "warning"

      Examples:
        | text                                               |
        | transplant-ineligible                              |
        | not a candidate for autologous stem cell transplant |

    @fires
    Scenario: Given as the reason why a transplant was not done
      Given the patient is a woman aged 60
      And multiple myeloma was diagnosed on 2024-03-01
      And an autologous stem cell transplant was not done on 2024-03-15 because "transplant-ineligible"
      And lenalidomide 10 mg was taken from 2024-04-01 to 2024-12-31
      When the rule is evaluated
      Then it recommends with indicator "warning"

    @near-miss
    Scenario: Stated to be eligible
      Given the patient is a woman aged 80
      And multiple myeloma was diagnosed on 2023-03-01
      And the patient was stated to be eligible for transplant on 2023-03-15
      And lenalidomide 10 mg was taken from 2024-04-01 to 2024-12-31
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: A transplant that was declined does not make the patient ineligible
      Given the patient is a woman aged 60
      And multiple myeloma was diagnosed on 2024-03-01
      And an autologous stem cell transplant was not done on 2024-03-15 because "patient declined"
      And lenalidomide 10 mg was taken from 2024-04-01 to 2024-12-31
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario Outline: "<text>" does not make the patient ineligible
      Given the patient is a woman aged 60
      And multiple myeloma was diagnosed on 2024-03-01
      And an observation on 2024-03-15 says "<text>"
      And lenalidomide 10 mg was taken from 2024-04-01 to 2024-12-31
      When the rule is evaluated
      Then it stays silent

      Examples:
        | text                |
        | no transplant yet   |
        | transplant deferred |

    @near-miss
    Scenario: Ineligible, without lenalidomide
      Given the patient is a woman aged 60
      And multiple myeloma was diagnosed on 2024-03-01
      And the patient was stated to be ineligible for transplant on 2024-03-15
      When the rule is evaluated
      Then it stays silent

  Rule: Inferred

    @fires
    Scenario: 75 years old at diagnosis, a year ago, never transplanted
      Given the patient is a man born 1950-01-15
      And multiple myeloma was diagnosed on 2025-01-15
      And lenalidomide 10 mg was taken from 2025-04-01 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "Inferred, not recorded"

    @near-miss
    Scenario: 74 years old at diagnosis
      Given the patient is a man born 1950-01-16
      And multiple myeloma was diagnosed on 2025-01-15
      And lenalidomide 10 mg was taken from 2025-04-01 and continues
      When the rule is evaluated
      Then it does not fire
      And it asks about the transplant eligibility

    @near-miss
    Scenario: Diagnosed 364 days ago
      Given the patient is a man aged 80
      And multiple myeloma was diagnosed on 2025-01-16
      And lenalidomide 10 mg was taken from 2025-04-01 and continues
      When the rule is evaluated
      Then it does not fire

    @near-miss
    Scenario: No lenalidomide
      Given the patient is a man aged 80
      And multiple myeloma was diagnosed on 2023-01-16
      When the rule is evaluated
      Then it stays silent

    @unless
    Scenario Outline: A <kind> transplant was done
      Given the patient is a man aged 80
      And multiple myeloma was diagnosed on 2023-01-15
      And a <kind> stem cell transplant was done on 2023-09-01
      And lenalidomide 10 mg was taken from 2025-04-01 and continues
      When the rule is evaluated
      Then it does not fire

      Examples:
        | kind       |
        | autologous |
        | donor      |

  Rule: Doubt

    @unknown
    Scenario: 65 years old, eligibility not recorded
      Given the patient is a man born 1961-01-15
      And multiple myeloma was diagnosed on 2025-03-01
      And lenalidomide 10 mg was taken from 2025-04-01 and continues
      When the rule is evaluated
      Then it is undecided
      And it asks about the transplant eligibility

    @near-miss
    Scenario: 64 years old, eligibility not recorded
      Given the patient is a man born 1961-01-16
      And multiple myeloma was diagnosed on 2025-03-01
      And lenalidomide 10 mg was taken from 2025-04-01 and continues
      When the rule is evaluated
      Then it stays silent
      And nothing is asked

    @unknown
    Scenario: Procedures were never searched, so a transplant may have been done
      Given the patient is a man aged 80
      And multiple myeloma was diagnosed on 2023-01-16
      And lenalidomide 10 mg was taken from 2025-04-01 and continues
      And Procedure was not searched
      When the rule is evaluated
      Then it is undecided

    @unknown
    Scenario: The age is not recorded
      Given the patient is a man of unrecorded age
      And multiple myeloma was diagnosed on 2023-01-16
      And lenalidomide 10 mg was taken from 2025-04-01 and continues
      When the rule is evaluated
      Then it does not fire

    @unless
    Scenario: The patient has died
      Given the patient is a woman aged 60
      And multiple myeloma was diagnosed on 2024-03-01
      And the patient was stated to be ineligible for transplant on 2024-03-15
      And lenalidomide 10 mg was taken from 2024-04-01 to 2024-12-31
      And the patient died on 2025-12-28
      When the rule is evaluated
      Then it stays silent

  Rule: Two diseases

    @near-miss
    Scenario: Lymphoma at 75 does not stand for myeloma, which was found at 73
      Given the patient is a man born 1949-01-15
      And multiple myeloma was diagnosed on 2022-06-01
      And follicular lymphoma was diagnosed on 2024-06-01
      And lenalidomide 10 mg was taken from 2025-04-01 and continues
      When the rule is evaluated
      Then it does not fire

  Rule: Moments and plan

    @fires
    Scenario Outline: It speaks when an order is <moment>
      Given the patient is a woman aged 60
      And multiple myeloma was diagnosed on 2024-03-01
      And the patient was stated to be ineligible for transplant on 2024-03-15
      And lenalidomide 10 mg was taken from 2024-04-01 to 2024-12-31
      And dexamethasone is ordered
      When the order is <moment>
      Then it recommends with indicator "warning"

      Examples:
        | moment   |
        | selected |
        | signed   |

    @fires
    Scenario Outline: It is a reason for <check>
      Given the patient is a woman aged 60
      And multiple myeloma was diagnosed on 2024-03-01
      And the patient was stated to be ineligible for transplant on 2024-03-15
      And lenalidomide 10 mg was taken from 2024-04-01 to 2024-12-31
      And the patient smoked 30 pack-years until 2020-03-10
      When the chart is opened
      Then the plan names SPM-08 as a reason for <check>

      Examples:
        | check                       |
        | second-cancer review        |
        | skin check                  |
        | breast cancer screening     |
        | colorectal cancer screening |
        | cervical cancer screening   |
        | lung cancer screening       |
