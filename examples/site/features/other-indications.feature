Feature: Lenalidomide for other diseases is looked after elsewhere
  The hospital switched SPM-30 off, so that nobody without myeloma has a card of it.

  Scenario: Lenalidomide without myeloma
    Given today is 2026-01-15
    And the patient is a woman aged 70
    And MDS with isolated del(5q) was diagnosed on 2025-03-01
    And lenalidomide 10 mg was taken from 2025-04-01 and continues
    When the chart is opened
    Then no rule fires
