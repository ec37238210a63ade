Feature: Blood counts of patients without myeloma
  What the rules on blood counts say is about myeloma; lenalidomide for another disease is outside of their scope.

  Background:
    Given today is 2026-01-15
    And the patient is a man aged 64
    And MDS was diagnosed on 2023-01-01 and is active
    And lenalidomide 10 mg was taken for MDS from 2023-07-15 and continues

  @near-miss
  Scenario Outline: <test> without myeloma on record
    Given the laboratory found
      | date       | test   | value   | unit   |
      | 2026-01-10 | <test> | <value> | <unit> |
    When the chart is opened
    Then SPM-21 stays silent

    Examples:
      | test          | value | unit   |
      | blasts        | 3     | %      |
      | blast count   | 0.2   | 10*9/L |
      | marrow blasts | 8     | %      |

  @near-miss
  Scenario: Two lines stay low without myeloma on record
    Given the laboratory found
      | date       | test        | value | unit   |
      | 2025-12-06 | haemoglobin | 9     | g/dL   |
      | 2025-12-06 | platelets   | 80    | 10*9/L |
      | 2026-01-10 | haemoglobin | 9     | g/dL   |
      | 2026-01-10 | platelets   | 80    | 10*9/L |
    When the chart is opened
    Then SPM-22 stays silent

  @near-miss
  Scenario: Very low neutrophils without myeloma on record
    Given the laboratory found
      | date       | test        | value | unit   |
      | 2026-01-13 | neutrophils | 0.3   | 10*9/L |
    When the chart is opened
    Then SPM-23 stays silent
