@rule:SPM-27
Feature: Benefit and second-cancer risk side by side
  Whoever tells of second cancers while lenalidomide is taken or ordered tells of its benefit too, for the group of the patient.

  Background:
    Given today is 2026-01-15
    And multiple myeloma was diagnosed on 2023-11-10

  Rule: Transplanted, or under 65

    Background:
      Given the patient was stated to be eligible for transplant on 2023-11-20

    @fires
    Scenario: The 65th birthday is tomorrow
      Given the patient is a man born 1961-01-16
      And lenalidomide 10 mg was taken from 2024-12-25 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "longer survival reported"
      And the card of it says "88 vs 80% at 3 years"
      And the card of it says "1.8 vs 0.4%"
      And the card of it says "6.1 vs 2.8%"

    @fires
    Scenario: Lenalidomide is ordered again
      Given the patient is a man aged 60
      And lenalidomide 10 mg was taken from 2024-01-25 to 2024-12-31
      And lenalidomide 10 mg is ordered
      When the order is signed
      Then it recommends with indicator "info"
      And the card of it says "longer survival reported"

    @fires
    Scenario: Transplanted, of unknown age
      Given the patient is a man of unrecorded age
      And an autologous stem cell transplant was done on 2024-06-01
      And lenalidomide 10 mg was taken from 2024-12-25 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "longer survival reported"

    @fires
    Scenario: Transplanted, of unknown age, ordered again
      Given the patient is a man of unrecorded age
      And an autologous stem cell transplant was done on 2024-06-01
      And lenalidomide 10 mg was taken from 2024-12-25 to 2025-06-30
      And lenalidomide 10 mg is ordered
      When the order is signed
      Then it recommends with indicator "info"
      And the card of it says "longer survival reported"

    @near-miss
    Scenario: Lenalidomide has ended
      Given the patient is a man aged 60
      And lenalidomide 10 mg was taken from 2024-01-25 to 2024-12-31
      When the rule is evaluated
      Then it stays silent
      And SPM-01 fires with indicator "info"

    @near-miss
    Scenario: Lenalidomide has ended, and something else is ordered
      Given the patient is a man aged 60
      And lenalidomide 10 mg was taken from 2024-01-25 to 2024-12-31
      And pomalidomide is ordered
      When the order is signed
      Then it stays silent

    @near-miss
    Scenario: No rule that tells of risk in general fires
      Given the patient is a man aged 60
      And lenalidomide 10 mg is ordered
      When the order is signed
      Then it stays silent
      And SPM-28 fires with indicator "info"

    @unknown
    Scenario: The record of lenalidomide proves nothing
      Given the patient is a man aged 60
      And a medication statement of lenalidomide from 2024-12-25 to 2025-06-30 has the status "unknown"
      When the rule is evaluated
      Then it does not fire

    @unless
    Scenario: The patient has died
      Given the patient is a man aged 60
      And lenalidomide 10 mg was taken from 2024-12-25 to 2026-01-01
      And the patient died on 2026-01-10
      When the rule is evaluated
      Then it stays silent

  Rule: Not transplanted and 65 or over, or ineligible

    @fires
    Scenario: The 65th birthday is today
      Given the patient is a man born 1961-01-15
      And lenalidomide 10 mg was taken from 2024-12-25 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "no survival gain shown"
      And the card of it says "39 vs 20 months"
      And the card of it says "32.7 vs 41.5%"
      And the card of it says "6.1 vs 2.8%"
      And the card of it says "1.8 vs 0.4%"

    @fires
    Scenario: At an order that only age makes worth a look
      Given the patient is a man aged 70
      And lenalidomide 10 mg is ordered
      When the order is signed
      Then it recommends with indicator "info"
      And the card of it says "no survival gain shown"

    @fires
    Scenario: Ineligible, of unknown age
      Given the patient is a man of unrecorded age
      And the patient was stated to be ineligible for transplant on 2023-11-20
      And lenalidomide 10 mg was taken from 2024-12-25 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "no survival gain shown"

    @fires
    Scenario: Ineligible, of unknown age, ordered again
      Given the patient is a man of unrecorded age
      And the patient was stated to be ineligible for transplant on 2023-11-20
      And lenalidomide 10 mg was taken from 2024-12-25 to 2025-06-30
      And lenalidomide 10 mg is ordered
      When the order is signed
      Then it recommends with indicator "info"
      And the card of it says "no survival gain shown"

    @near-miss
    Scenario: A donor transplant does not make the patient one of the transplanted
      Given the patient is a man aged 70
      And a donor stem cell transplant was done on 2024-06-01
      And lenalidomide 10 mg was taken from 2024-12-25 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "no survival gain shown without transplant"

  Rule: Between the groups

    @fires
    Scenario Outline: <who>, <use>
      Given the patient is a man aged <age>
      And <first>
      And <second>
      And <order> is ordered
      When the order is signed
      Then it recommends with indicator "info"
      And the card of it says "two groups that fared differently"
      And the card of it says "88 vs 80% at 3 years"
      And the card of it says "39 vs 20 months"
      And the card of it says "no survival gain shown"
      And the card of it says "1.8 vs 0.4%"
      And the card of it says "6.1 vs 2.8%"

      Examples:
        | who                        | age | use         | first                                                                      | second                                                             | order        |
        | Transplanted at 70         | 70  | still taken | an autologous stem cell transplant was done on 2024-06-01                  | lenalidomide 10 mg was taken from 2024-12-25 and continues         | pomalidomide |
        | Transplanted at 70         | 70  | ordered     | an autologous stem cell transplant was done on 2024-06-01                  | lenalidomide 10 mg was taken from 2024-12-25 to 2025-06-30         | lenalidomide |
        | Under 65 and ineligible    | 60  | still taken | the patient was stated to be ineligible for transplant on 2023-11-20       | lenalidomide 10 mg was taken from 2024-12-25 and continues         | pomalidomide |
        | Under 65 and ineligible    | 60  | ordered     | the patient was stated to be ineligible for transplant on 2023-11-20       | lenalidomide 10 mg was taken from 2024-12-25 to 2025-06-30         | lenalidomide |

    @fires
    Scenario Outline: Transplanted, and stated to be ineligible for another one, <use>
      Given the patient is a man aged 60
      And an autologous stem cell transplant was done on 2024-06-01
      And the patient was stated to be ineligible for transplant on 2024-11-20
      And lenalidomide 10 mg was taken <period>
      And <order> is ordered
      When the order is signed
      Then it recommends with indicator "info"
      And the card of it says "two groups that fared differently"

      Examples:
        | use         | period                        | order        |
        | still taken | from 2024-12-25 and continues | pomalidomide |
        | ordered     | from 2024-12-25 to 2025-06-30 | lenalidomide |

  Rule: Group not known

    @fires @unknown
    Scenario Outline: Neither age nor transplant nor eligibility is recorded, <use>
      Given the patient is a man of unrecorded age
      And lenalidomide 10 mg was taken <period>
      And <order> is ordered
      When the order is signed
      Then it recommends with indicator "info"
      And the card of it says "Age or transplant is not known"
      And the card of it says "88 vs 80% at 3 years"
      And the card of it says "no survival gain shown"

      Examples:
        | use         | period                        | order        |
        | still taken | from 2024-12-25 and continues | pomalidomide |
        | ordered     | from 2024-12-25 to 2025-06-30 | lenalidomide |

  Rule: Transplanted, no candidate any more, and of unrecorded age

    @fires
    Scenario: Lenalidomide is taken
      Given the patient is a woman of unrecorded age
      And an autologous stem cell transplant was done on 2024-03-10
      And the patient was stated to be ineligible for transplant on 2025-01-10
      And lenalidomide 10 mg was taken from 2025-01-01 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "belongs to two groups"

    @fires
    Scenario: Lenalidomide is ordered for somebody who had it
      Given the patient is a woman of unrecorded age
      And an autologous stem cell transplant was done on 2024-03-10
      And the patient was stated to be ineligible for transplant on 2025-01-10
      And lenalidomide 10 mg was taken from 2024-06-01 to 2024-12-30
      And lenalidomide 10 mg is ordered
      When the order is signed
      Then it recommends with indicator "info"
      And the card of it says "belongs to two groups"

  Rule: Each patient is told of the own group alone

    @fires
    Scenario Outline: <who>, of one group
      Given the patient is a man <age>
      And <first>
      And lenalidomide 10 mg was taken from 2024-12-25 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "<says>"
      And the card of it does not say "two groups"
      And the card of it does not say "Age or transplant is not known"

      Examples:
        | who                                    | age               | first                                                                | says                                     |
        | Transplanted at 60                     | aged 60           | an autologous stem cell transplant was done on 2024-06-01            | after transplant and under 65            |
        | Transplanted, the day before turning 65 | born 1961-01-16  | an autologous stem cell transplant was done on 2024-06-01            | after transplant and under 65            |
        | Transplanted, of unrecorded age        | of unrecorded age | an autologous stem cell transplant was done on 2024-06-01            | after transplant and under 65            |
        | Under 65, a candidate                  | aged 60           | the patient was stated to be eligible for transplant on 2023-11-20   | after transplant and under 65            |
        | Under 65, and nothing else             | aged 60           | the blood count on 2026-01-05 was normal                             | after transplant and under 65            |
        | Ineligible at 70                       | aged 70           | the patient was stated to be ineligible for transplant on 2023-11-20 | without transplant or from 65 on         |
        | Ineligible, 65 today                   | born 1961-01-15   | the patient was stated to be ineligible for transplant on 2023-11-20 | without transplant or from 65 on         |
        | Ineligible, of unrecorded age          | of unrecorded age | the patient was stated to be ineligible for transplant on 2023-11-20 | without transplant or from 65 on         |

    @fires
    Scenario: Transplanted, and 65 today: of both groups
      Given the patient is a man born 1961-01-15
      And the patient was stated to be eligible for transplant on 2023-11-20
      And an autologous stem cell transplant was done on 2024-06-01
      And lenalidomide 10 mg was taken from 2024-12-25 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "two groups that fared differently"

    @near-miss
    Scenario: Lenalidomide has ended, and another drug is being taken
      Given the patient is a man aged 60
      And lenalidomide 10 mg was taken from 2024-01-25 to 2024-12-31
      And bortezomib was given from 2025-06-01 and continues
      When the rule is evaluated
      Then it stays silent
      And SPM-01 fires with indicator "info"

    @fires
    Scenario Outline: It is told when an order is <what> too
      Given the patient is a man aged 60
      And lenalidomide 10 mg was taken from 2024-12-25 and continues
      And lenalidomide 10 mg is ordered
      When the order is <what>
      Then it recommends with indicator "info"

      Examples:
        | what     |
        | selected |
        | signed   |
