@rule:SPM-30
Feature: Lenalidomide for another disease than myeloma
  Risk data come from myeloma. In other diseases this rule speaks, and no other.

  Background:
    Given today is 2026-01-15
    And the patient is a woman aged 70
    And lenalidomide 20 mg was taken from 2025-03-01 and continues

  @fires
  Scenario Outline: Only <disease>
    Given <disease> was diagnosed on 2024-11-01
    When the rule is evaluated
    Then it recommends with indicator "info"
    And the card of it says "Outside scope: risk data come from myeloma"
    And exactly these rules fire: SPM-30
    And the tier is "info"

    Examples:
      | disease                      |
      | follicular lymphoma          |
      | non-follicular lymphoma      |
      | chronic lymphocytic leukaemia |
      | MDS with isolated del(5q)    |

  @fires
  Scenario: MDS is the reason for the drug, not a second cancer
    Given MDS with isolated del(5q) was diagnosed on 2024-11-01
    And AML was diagnosed on 2025-11-01 and is active
    When the rule is evaluated
    Then it recommends with indicator "info"
    And SPM-17 stays silent

  @near-miss
  Scenario: Myeloma besides
    Given follicular lymphoma was diagnosed on 2012-11-01
    And multiple myeloma was diagnosed on 2024-11-01
    When the rule is evaluated
    Then it stays silent
    And SPM-01 fires with indicator "info"

  @near-miss
  Scenario: No disease recorded
    When the rule is evaluated
    Then it stays silent
    And SPM-01 fires with indicator "info"

  @near-miss
  Scenario: A disease that lenalidomide is not given for
    Given breast cancer was diagnosed on 2012-11-01
    When the rule is evaluated
    Then it stays silent

  @near-miss
  Scenario: The other disease was refuted
    Given follicular lymphoma of 2024-11-01 has the verification status "refuted"
    When the rule is evaluated
    Then it stays silent

  @unknown
  Scenario: The other disease is only suspected, which is asked about by other rules
    Given follicular lymphoma of 2024-11-01 has the verification status "provisional"
    When the rule is evaluated
    Then it does not fire

  @unless
  Scenario: The patient has died
    Given follicular lymphoma was diagnosed on 2024-11-01
    And the patient died on 2025-12-28
    When the rule is evaluated
    Then it stays silent

  @fires
  Scenario Outline: It is told when an order is <what> too
    Given follicular lymphoma was diagnosed on 2024-11-01
    And lenalidomide 20 mg is ordered
    When the order is <what>
    Then it recommends with indicator "info"

    Examples:
      | what     |
      | selected |
      | signed   |
