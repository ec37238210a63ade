Feature: What is to be looked at before the first dose of lenalidomide
  The first order asks for a baseline: each check that is due for the patient bears the order as a reason.

  Background:
    Given today is 2026-01-15
    And the patient is a woman aged 60
    And multiple myeloma was diagnosed on 2025-03-10
    And a smoker of 30 pack-years was recorded on 2025-12-01

  Scenario Outline: The first order is a reason for <check>
    Given lenalidomide 25 mg is ordered
    When the order is signed
    Then SPM-28 fires with indicator "info"
    And the plan names SPM-28 as a reason for <check>

    Examples:
      | check                       |
      | blood count                 |
      | skin check                  |
      | breast cancer screening     |
      | colorectal cancer screening |
      | cervical cancer screening   |
      | lung cancer screening       |

  @near-miss
  Scenario Outline: Skin examined long ago, after <what>, and lenalidomide not taken yet
    Given <what> was diagnosed on 2020-09-10
    And lenalidomide 25 mg is ordered
    When the order is signed
    Then SPM-25 stays silent

    Examples:
      | what                 |
      | basal cell carcinoma |
      | melanoma             |

  @near-miss
  Scenario Outline: Lenalidomide not taken yet: no <part> yet
    Given lenalidomide 25 mg is ordered
    When the order is signed
    Then <part> stays silent

    Examples:
      | part   |
      | SPM-24 |
      | SPM-25 |
      | SPM-26a |
      | SPM-26b |
      | SPM-26c |
      | SPM-26d |
