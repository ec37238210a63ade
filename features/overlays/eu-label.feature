Feature: European product texts as an overlay
  The shipped rules quote the US label. A site in Europe lays examples/overlays/eu-label over them: other words, the same findings.

  Background:
    Given today is 2026-01-15
    And the patient is a woman aged 78
    And multiple myeloma was diagnosed on 2024-03-01

  Scenario: The shipped card of lenalidomide with oral melphalan
    Given lenalidomide 10 mg was taken from 2025-06-01 and continues
    And oral melphalan 9 mg was taken from 2025-06-01 and continues
    When the rules are evaluated
    Then SPM-03 fires with indicator "critical"
    And the card of SPM-03 says "confirm that the combination is intended"

  Scenario: The same patient under European product texts
    Given the overlay "examples/overlays/eu-label" lies over the rules
    And lenalidomide 10 mg was taken from 2025-06-01 and continues
    And oral melphalan 9 mg was taken from 2025-06-01 and continues
    When the rules are evaluated
    Then SPM-03 fires with indicator "critical"
    And the card of SPM-03 says "The EU licenses the combination, with prednisone"
    And the card of SPM-03 says "neutrophils below 1.5 x 10*9/L or platelets below 75 x 10*9/L"
