@rule:SPM-10
Feature: Deep response before lenalidomide maintenance
  Experts differ on who needs maintenance once the response is complete or very good.

  Background:
    Given today is 2026-01-15
    And the patient is a man aged 61
    And multiple myeloma was diagnosed on 2023-03-01
    And the patient was stated to be eligible for transplant on 2023-03-01

  Rule: Maintenance goes on

    Background:
      Given lenalidomide 10 mg was taken as maintenance from 2024-06-01 and continues

    @fires
    Scenario Outline: A <response> the day before maintenance
      Given a <response> was recorded on 2024-05-31
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "Opinions differ"
      And the card of it says "a complete or very good partial response"

      Examples:
        | response                    |
        | complete response           |
        | stringent complete response |
        | very good partial response  |

    @near-miss
    Scenario: A complete response on the first day of maintenance
      Given a complete response was recorded on 2024-06-01
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: A complete response in the course of maintenance
      Given a complete response was recorded on 2025-01-10
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario Outline: A <response> is no deep response
      Given a <response> was recorded on 2024-05-31
      When the rule is evaluated
      Then it stays silent

      Examples:
        | response                   |
        | partial response           |
        | minimal response           |
        | response of stable disease |

    @near-miss
    Scenario: No response on record
      When the rule is evaluated
      Then it stays silent
      And nothing is asked

    @near-miss
    Scenario: A response that was nearly complete
      Given an observation on 2024-05-20 says "near complete response"
      When the rule is evaluated
      Then it stays silent

    @fires
    Scenario: A response told in words
      Given an observation on 2024-05-20 says "VGPR"
      When the rule is evaluated
      Then it recommends with indicator "info"
      And it is worded as possible

    @fires
    Scenario: A partial response that became complete
      Given a partial response was recorded on 2023-12-01
      And a complete response was recorded on 2024-05-01
      When the rule is evaluated
      Then it recommends with indicator "info"

    @unless
    Scenario: The myeloma progressed on maintenance
      Given a complete response was recorded on 2024-05-01
      And myeloma progressed on 2025-11-01
      When the rule is evaluated
      Then it stays silent

    @unless
    Scenario: The myeloma progressed on the day of the response
      Given a complete response was recorded on 2024-05-01
      And myeloma progressed on 2024-05-01
      When the rule is evaluated
      Then it stays silent

    @fires
    Scenario: The myeloma progressed before the response
      Given myeloma progressed on 2023-09-01
      And a complete response was recorded on 2024-05-01
      When the rule is evaluated
      Then it recommends with indicator "info"

    @unless
    Scenario Outline: Only a <lesser response> since
      Given a complete response was recorded on 2023-12-01
      And a <lesser response> was recorded on 2024-05-01
      When the rule is evaluated
      Then it stays silent

      Examples:
        | lesser response            |
        | partial response           |
        | minimal response           |
        | response of stable disease |

    @fires
    Scenario: A complete and a partial response of the same day
      Given a complete response was recorded on 2024-05-01
      And a partial response was recorded on 2024-05-01
      When the rule is evaluated
      Then it recommends with indicator "info"

    @unknown
    Scenario: Only the year of the response is recorded
      Given a complete response was recorded on 2024
      When the rule is evaluated
      Then it is undecided
      And nothing is asked

    @unless
    Scenario: The patient has died
      Given a complete response was recorded on 2024-05-01
      And the patient died on 2026-01-10
      When the rule is evaluated
      Then it stays silent

  Rule: Maintenance is ordered

    Background:
      Given a complete response was recorded on 2025-12-20

    @fires
    Scenario: For the first time
      Given lenalidomide 10 mg is ordered as maintenance
      When the order is signed
      Then it recommends with indicator "info"

    @fires
    Scenario: When the order is selected
      Given lenalidomide 10 mg is ordered as maintenance
      When the order is selected
      Then it recommends with indicator "info"

    @near-miss
    Scenario: Lenalidomide for induction
      Given lenalidomide 25 mg is ordered as induction
      When the order is signed
      Then it stays silent

    @near-miss
    Scenario: Another drug
      Given pomalidomide is ordered as maintenance
      When the order is signed
      Then it stays silent

    @unless
    Scenario: A renewal of maintenance that began before the response
      Given lenalidomide 10 mg was taken as maintenance from 2024-06-01 and continues
      And lenalidomide 10 mg is ordered as maintenance
      When the order is signed
      Then it stays silent

    @unless
    Scenario: The myeloma progressed since
      Given lenalidomide 10 mg is ordered as maintenance
      And myeloma progressed on 2026-01-05
      When the order is signed
      Then it stays silent

    @unless
    Scenario: Only stable disease since
      Given lenalidomide 10 mg is ordered as maintenance
      And a response of stable disease was recorded on 2026-01-05
      When the order is signed
      Then it stays silent

  Rule: No deep response

    @near-miss
    Scenario Outline: "<answer>" as the answer to "<question>"
      Given lenalidomide 10 mg was taken as maintenance from 2024-06-01 and continues
      And an observation "<question>" on 2024-05-01 says "<answer>"
      When the rule is evaluated
      Then it stays silent

      Examples:
        | question   | answer         |
        | X-ray type | CR             |
        | Response   | less than VGPR |
        | Response   | < VGPR         |
        | Response   | not in CR      |

    @fires
    Scenario: In words, as the answer to a question for it
      Given lenalidomide 10 mg was taken as maintenance from 2024-06-01 and continues
      And an observation "Response" on 2024-05-01 says "CR"
      When the rule is evaluated
      Then it recommends with indicator "info"

  Rule: No maintenance

    @near-miss
    Scenario: Maintenance that ended long ago
      Given lenalidomide 10 mg was taken as maintenance from 2024-06-01 to 2025-03-01
      And a complete response was recorded on 2024-05-01
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: Maintenance with another drug
      Given thalidomide was taken as maintenance from 2024-06-01 and continues
      And a complete response was recorded on 2024-05-01
      When the rule is evaluated
      Then it stays silent

  Rule: The phase is not known

    @unknown
    Scenario: Lenalidomide is ordered without saying what for
      Given a complete response was recorded on 2025-12-20
      And lenalidomide 10 mg is ordered
      When the order is signed
      Then it is undecided

  Rule: Maintenance is ordered, other cases

    @fires
    Scenario Outline: After a <response>
      Given a <response> was recorded on 2025-12-20
      And lenalidomide 10 mg is ordered as maintenance
      When the order is signed
      Then it recommends with indicator "info"

      Examples:
        | response                    |
        | stringent complete response |
        | very good partial response  |

    @fires
    Scenario Outline: <drug> as <phase> <until> is no lenalidomide maintenance that goes on
      Given <drug> was taken as <phase> from 2024-06-01 <until>
      And a complete response was recorded on 2025-12-20
      And lenalidomide 10 mg is ordered as maintenance
      When the order is signed
      Then it recommends with indicator "info"

      Examples:
        | drug               | phase         | until         |
        | thalidomide        | maintenance   | and continues |
        | lenalidomide 10 mg | consolidation | and continues |
        | lenalidomide 10 mg | maintenance   | to 2025-06-30 |

  Rule: Lenalidomide goes on, and is no maintenance

    @near-miss
    Scenario: As consolidation after a complete response
      Given lenalidomide 10 mg was taken as consolidation from 2024-06-01 and continues
      And a complete response was recorded on 2024-05-01
      When the rule is evaluated
      Then it stays silent
