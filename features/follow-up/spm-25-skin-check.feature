@rule:SPM-25
Feature: Skin check
  A yearly look at the whole skin: a convention after lenalidomide, advised after a donor transplant.

  Background:
    Given today is 2026-01-15
    And the patient is a man aged 58
    And the patient never smoked
    And multiple myeloma was diagnosed on 2018-03-01
    And the patient was stated to be eligible for transplant on 2018-03-01
    And the blood count on 2026-01-05 was normal
    And a colonoscopy was done on 2024-05-05

  Rule: Yearly

    @fires
    Scenario: None recorded
      Given lenalidomide 10 mg was taken from 2025-02-15 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "Full skin check suggested: none recorded in 12 months"
      And the card of it says "insufficient"
      And the plan lists skin check as none recorded
      And the plan names SPM-25 as a reason for skin check

    @fires @near-miss
    Scenario: A year and a day ago
      Given lenalidomide 10 mg was taken from 2025-02-15 and continues
      And a skin examination was done on 2025-01-14
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the plan lists skin check as overdue since 2026-01-14
      And the plan has skin check overdue by 1 day

    @near-miss
    Scenario: Exactly a year ago is due today, not overdue
      Given lenalidomide 10 mg was taken from 2025-02-15 and continues
      And a skin examination was done on 2025-01-15
      When the rule is evaluated
      Then it stays silent
      And the plan lists skin check as due since 2026-01-15

    @near-miss
    Scenario: A year less a day ago
      Given lenalidomide 10 mg was taken from 2025-02-15 and continues
      And a skin examination was done on 2025-01-16
      When the rule is evaluated
      Then it stays silent
      And the plan lists skin check as up to date
      And the plan has skin check next due on 2026-01-16

    @fires
    Scenario: Lenalidomide in the past
      Given lenalidomide 10 mg was taken from 2021-02-15 to 2023-01-31
      When the rule is evaluated
      Then it recommends with indicator "info"

    @near-miss
    Scenario: Never lenalidomide
      Given bortezomib was given from 2025-02-15 and continues
      When the rule is evaluated
      Then it stays silent

  Rule: At higher risk

    @fires
    Scenario Outline: After <cancer>
      Given lenalidomide 10 mg was taken from 2024-02-15 and continues
      And <cancer> was diagnosed on 2025-09-10
      And a skin examination was done on 2024-11-15
      When the rule is evaluated
      Then it recommends with indicator "warning"

      Examples:
        | cancer               |
        | basal cell carcinoma |
        | melanoma             |
        | melanoma in situ     |

    @fires
    Scenario: A history of basal cell carcinoma
      Given lenalidomide 10 mg was taken from 2024-02-15 and continues
      And a history of basal cell carcinoma was recorded on 2017-05-01
      When the rule is evaluated
      Then it recommends with indicator "warning"

    @fires
    Scenario: After a donor transplant
      Given lenalidomide 10 mg was taken from 2024-02-15 and continues
      And a donor stem cell transplant was done on 2022-11-10
      When the rule is evaluated
      Then it recommends with indicator "warning"

    @near-miss
    Scenario: Basal cell carcinoma, skin examined within the year
      Given lenalidomide 10 mg was taken from 2024-02-15 and continues
      And basal cell carcinoma was diagnosed on 2025-09-10
      And a skin examination was done on 2025-09-10
      When the rule is evaluated
      Then it stays silent

  Rule: Silent or not known

    @unless
    Scenario: Deceased
      Given lenalidomide 10 mg was taken from 2025-02-15 and continues
      And the patient died on 2026-01-10
      When the rule is evaluated
      Then it stays silent

    @unknown
    Scenario: Procedures were not supplied
      Given lenalidomide 10 mg was taken from 2025-02-15 and continues
      And Procedure was not searched
      When the rule is evaluated
      Then it is undecided
      And the plan lists skin check as not known

    @unknown
    Scenario: Examined in some month that may be a year ago
      Given lenalidomide 10 mg was taken from 2025-02-15 and continues
      And a skin examination was done on 2025-01
      When the rule is evaluated
      Then it is undecided
      And the plan has skin check last done on 2025-01

    @unknown
    Scenario: Examined at no recorded time
      Given lenalidomide 10 mg was taken from 2025-02-15 and continues
      And a skin examination was done at no recorded time
      When the rule is evaluated
      Then it is undecided

    @unknown
    Scenario: An examination whose status is not known
      Given lenalidomide 10 mg was taken from 2025-02-15 and continues
      And a skin examination on 2025-11-10 has the status "unknown"
      When the rule is evaluated
      Then it is undecided

    @fires
    Scenario: An old examination of unknown status changes nothing
      Given lenalidomide 10 mg was taken from 2025-02-15 and continues
      And a skin examination on 2020-11-10 has the status "unknown"
      When the rule is evaluated
      Then it recommends with indicator "info"

    @unknown
    Scenario: After a skin cancer it is asked when the skin was last examined
      Given lenalidomide 10 mg was taken from 2024-02-15 and continues
      And a history of basal cell carcinoma was recorded on 2017-05-01
      And a skin examination was done on 2025-01
      When the rule is evaluated
      Then it is undecided
      And it asks about the screening dates

  Rule: What is no higher risk for this rule

    @near-miss
    Scenario Outline: No higher risk after <cancer>
      Given lenalidomide 10 mg was taken from 2024-02-15 and continues
      And <cancer> was diagnosed on 2025-09-10
      When the rule is evaluated
      Then it recommends with indicator "info"

      Examples:
        | cancer                   |
        | breast carcinoma in situ |

    @near-miss
    Scenario: Merkel cell carcinoma is none of the skin cancers that the rule names
      Given lenalidomide 10 mg was taken from 2024-02-15 and continues
      And the record tells of these diagnoses
        | concept               | onset      | clinical status |
        | Merkel cell carcinoma | 2025-09-10 | active          |
      When the rule is evaluated
      Then it recommends with indicator "info"

  Rule: Orders

    @fires
    Scenario Outline: It is told when an order is <what> too
      Given lenalidomide 10 mg was taken from 2025-02-15 and continues
      And lenalidomide 10 mg is ordered
      When the order is <what>
      Then it recommends with indicator "info"

      Examples:
        | what     |
        | selected |
        | signed   |
