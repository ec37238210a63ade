@rule:SPM-29
Feature: Key data are missing
  Not knowing is not the same as no: where the missing datum could raise the urgency, the question is put.

  Background:
    Given today is 2026-01-15
    And the patient is a man aged 62

  Rule: In myeloma

    Background:
      Given multiple myeloma was diagnosed on 2020-03-01

    @fires
    Scenario: The end of lenalidomide is missing, and 36 months could be true
      Given lenalidomide 10 mg was taken as maintenance from 2022-01-01 with no recorded end
      When the rule is evaluated
      Then it recommends with indicator "info"
      And something is asked about the lenalidomide dates

    @near-miss
    Scenario: The end of lenalidomide is missing, and nothing could come of it
      Given lenalidomide 10 mg was taken as maintenance from 2025-11-01 with no recorded end
      When the rule is evaluated
      Then it stays silent

    @fires
    Scenario: The kind of melphalan is missing
      Given lenalidomide 10 mg was taken from 2025-01-01 and continues
      And melphalan was given from 2025-10-01 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"
      And SPM-03 asks about the melphalan kind

    @fires
    Scenario: The kind of the transplant is missing
      Given the status after a stem cell transplant was recorded on 2025-06-01
      And lenalidomide 10 mg was taken as maintenance from 2025-01-01 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"
      And SPM-05 asks about the transplant kind

    @fires
    Scenario: Lenalidomide in words only
      Given a medication statement in words only says "Revlimid" from 2025-10-01 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"
      And SPM-01 asks about the lenalidomide exposure

    @fires
    Scenario: Lenalidomide whose record proves nothing
      Given a medication statement of lenalidomide from 2025-10-01 and continues has the status "unknown"
      When the rule is evaluated
      Then it recommends with indicator "info"
      And SPM-01 does not fire

    @fires
    Scenario: The day of a cancer is missing
      Given lenalidomide 10 mg was taken from 2025-01-01 and continues
      And breast cancer is on record without a date
      When the rule is evaluated
      Then it recommends with indicator "info"
      And SPM-17 asks about the cancer onset

    @near-miss
    Scenario: A gap that could not raise the tier is not asked about
      Given lenalidomide 10 mg was taken as maintenance from 2021-01-01 and continues
      And oral melphalan was taken from 2020-03-01 to 2020-12-31
      And the status after a stem cell transplant was recorded on 2025-06-01
      When the rule is evaluated
      Then nothing is asked about the transplant kind

    @near-miss
    Scenario: A complete record
      Given the patient was stated to be eligible for transplant on 2020-03-01
      And lenalidomide 10 mg was taken as maintenance from 2025-01-01 and continues
      When the rule is evaluated
      Then it stays silent
      And nothing is asked

    @near-miss
    Scenario: Eligibility for transplant is not asked for below 65
      Given lenalidomide 10 mg was taken as maintenance from 2025-01-01 and continues
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: Myeloma without lenalidomide
      When the rule is evaluated
      Then it stays silent

    @unless
    Scenario: The patient has died
      Given a medication statement in words only says "Revlimid" from 2025-10-01 to 2025-12-01
      And the patient died on 2025-12-28
      When the rule is evaluated
      Then it stays silent

  Rule: Outside myeloma

    @fires
    Scenario: What lenalidomide is for is not recorded
      Given lenalidomide 10 mg was taken from 2025-01-01 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"
      And SPM-01 asks about the indication

    @near-miss
    Scenario: Nothing of lenalidomide and nothing of myeloma
      Given melphalan was given from 2025-10-01 to 2025-10-31
      And breast cancer is on record without a date
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: Lenalidomide for another disease
      Given follicular lymphoma was diagnosed on 2024-03-01
      And lenalidomide 20 mg was taken from 2024-04-01 with no recorded end
      When the rule is evaluated
      Then it stays silent

  Rule: Orders without a recorded indication

    @fires
    Scenario: Lenalidomide and oral melphalan are ordered together, and nothing tells what for
      Given lenalidomide 25 mg is ordered
      And oral melphalan is ordered
      When the order is signed
      Then it recommends with indicator "info"
      And SPM-19 asks about the indication

    @near-miss
    Scenario: Another drug is ordered
      Given bortezomib is ordered
      When the order is signed
      Then it stays silent

    @fires
    Scenario Outline: What lenalidomide is for is missing when an order is <what>
      Given lenalidomide 25 mg is ordered
      And oral melphalan is ordered
      When the order is <what>
      Then it recommends with indicator "info"
      And SPM-19 asks about the indication

      Examples:
        | what     |
        | selected |
        | signed   |
