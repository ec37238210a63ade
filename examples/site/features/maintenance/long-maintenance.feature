@rule:SPM-09
Feature: Maintenance is reviewed after three years
  The shipped rule asks for a review past 24 months. The hospital's overlay says 36.

  Background:
    Given today is 2026-01-15
    And the patient is a woman aged 62
    And multiple myeloma was diagnosed on 2018-03-01
    And the patient was stated to be eligible for transplant on 2018-03-01

  @near-miss
  Scenario: 36 months to the day
    Given lenalidomide 10 mg was taken as maintenance from 2023-01-15 and continues
    When the rule is evaluated
    Then it stays silent

  @fires
  Scenario: A day more
    Given lenalidomide 10 mg was taken as maintenance from 2023-01-14 and continues
    When the rule is evaluated
    Then it recommends with indicator "info"

  @unknown
  Scenario: Since when is not recorded
    Given lenalidomide 10 mg was taken as maintenance until 2026-01-15 with no recorded start
    When the rule is evaluated
    Then it is undecided
    And it asks about the lenalidomide dates
