@rule:SPM-16
Feature: Age and lenalidomide
  From 65 on age is weighed with lenalidomide; from 75 on, without transplant and on maintenance, second cancers were clearly more
  frequent in one trial.

  Rule: 65 and over

    Background:
      Given today is 2026-01-15
      And multiple myeloma was diagnosed on 2023-11-10
      And the patient was stated to be eligible for transplant on 2023-11-20

    @fires
    Scenario: The 65th birthday is today
      Given the patient is a man born 1961-01-15
      And lenalidomide 10 mg was taken from 2024-12-25 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "Age 65 or over"

    @near-miss
    Scenario: The 65th birthday is tomorrow
      Given the patient is a man born 1961-01-16
      And lenalidomide 10 mg was taken from 2024-12-25 and continues
      When the rule is evaluated
      Then it stays silent

    @fires
    Scenario: Lenalidomide ended
      Given the patient is a man aged 70
      And lenalidomide 10 mg was taken from 2024-12-25 to 2025-06-30
      When the rule is evaluated
      Then it recommends with indicator "info"

    @fires
    Scenario: Lenalidomide is only ordered
      Given the patient is a man aged 77
      And lenalidomide 10 mg is ordered
      When the order is signed
      Then it recommends with indicator "info"

    @near-miss
    Scenario: Neither taken nor ordered
      Given the patient is a man aged 77
      When the rule is evaluated
      Then it stays silent

    @unknown
    Scenario: No birth date is recorded
      Given the patient is a man of unrecorded age
      And lenalidomide 10 mg was taken from 2024-12-25 and continues
      When the rule is evaluated
      Then it is undecided

    @unknown
    Scenario: Only the year of birth is recorded, the year of the 65th birthday
      Given the patient is a man born 1961
      And lenalidomide 10 mg was taken from 2024-12-25 and continues
      When the rule is evaluated
      Then it is undecided

    @unknown
    Scenario: The record of lenalidomide proves nothing
      Given the patient is a man aged 70
      And a medication statement of lenalidomide from 2024-12-25 to 2025-06-30 has the status "unknown"
      When the rule is evaluated
      Then it is undecided
      And it asks about the lenalidomide exposure

    @unless
    Scenario: The patient has died
      Given the patient is a man aged 70
      And lenalidomide 10 mg was taken from 2024-12-25 to 2025-06-30
      And the patient died on 2025-12-28
      When the rule is evaluated
      Then it stays silent

  Rule: 75 and over, stated to be ineligible for transplant

    Background:
      Given today is 2026-01-15
      And multiple myeloma was diagnosed on 2023-11-10
      And the patient was stated to be ineligible for transplant on 2023-11-20

    @fires
    Scenario: The 75th birthday is today
      Given the patient is a woman born 1951-01-15
      And lenalidomide 10 mg was taken as maintenance from 2024-12-25 and continues
      When the rule is evaluated
      Then it recommends with indicator "warning"
      And the card of it says "17.3 vs 6.5% at 3 years"
      And the card of it says "39 vs 20 months"

    @near-miss
    Scenario: The 75th birthday is tomorrow
      Given the patient is a woman born 1951-01-16
      And lenalidomide 10 mg was taken as maintenance from 2024-12-25 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"

    @fires
    Scenario: Maintenance is ordered
      Given the patient is a woman aged 76
      And lenalidomide 10 mg is ordered as maintenance
      When the order is signed
      Then it recommends with indicator "warning"

    @near-miss
    Scenario: Lenalidomide with dexamethasone until progression is no maintenance
      Given the patient is a woman aged 76
      And lenalidomide 25 mg was prescribed from 2023-12-25 and continues
      And dexamethasone was prescribed from 2023-12-25 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"

    @near-miss
    Scenario: Maintenance has ended
      Given the patient is a woman aged 76
      And lenalidomide 10 mg was taken as maintenance from 2024-12-25 to 2025-06-30
      When the rule is evaluated
      Then it recommends with indicator "info"

    @near-miss
    Scenario: Stated to be eligible later on
      Given the patient is a woman aged 76
      And the patient was stated to be eligible for transplant on 2024-06-20
      And lenalidomide 10 mg was taken as maintenance from 2024-12-25 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"

  Rule: 75 and over at diagnosis, so probably ineligible

    Background:
      Given today is 2026-01-15

    @fires
    Scenario: 75 years old at diagnosis, a year ago, never transplanted
      Given the patient is a man born 1950-01-15
      And multiple myeloma was diagnosed on 2025-01-15
      And lenalidomide 10 mg was taken as maintenance from 2025-09-01 and continues
      When the rule is evaluated
      Then it recommends with indicator "warning"

    @near-miss
    Scenario: 74 years old at diagnosis
      Given the patient is a man born 1950-01-16
      And multiple myeloma was diagnosed on 2025-01-15
      And lenalidomide 10 mg was taken as maintenance from 2025-09-01 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"

    @near-miss
    Scenario: Diagnosed 364 days ago
      Given the patient is a man aged 80
      And multiple myeloma was diagnosed on 2025-01-16
      And lenalidomide 10 mg was taken as maintenance from 2025-09-01 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"

    @fires
    Scenario: Maintenance is ordered two years after the diagnosis
      Given the patient is a man aged 80
      And multiple myeloma was diagnosed on 2024-01-16
      And lenalidomide 10 mg is ordered as maintenance
      When the order is signed
      Then it recommends with indicator "warning"

    @unless
    Scenario: A transplant was done
      Given the patient is a man aged 80
      And multiple myeloma was diagnosed on 2023-01-16
      And an autologous stem cell transplant was done on 2023-09-01
      And lenalidomide 10 mg was taken as maintenance from 2025-09-01 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"

    @near-miss
    Scenario: Stated to be eligible
      Given the patient is a man aged 80
      And multiple myeloma was diagnosed on 2023-01-16
      And the patient was stated to be eligible for transplant on 2023-02-01
      And lenalidomide 10 mg was taken as maintenance from 2025-09-01 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"

    @unknown
    Scenario: Procedures were never searched, so a transplant may have been done
      Given the patient is a man aged 80
      And multiple myeloma was diagnosed on 2023-01-16
      And lenalidomide 10 mg was taken as maintenance from 2025-09-01 and continues
      And Procedure was not searched
      When the rule is evaluated
      Then it recommends with indicator "info"
      And it asks about the transplant

  Rule: 75 and over, with what is no lenalidomide maintenance now

    Background:
      Given today is 2026-01-15
      And the patient is a man aged 80
      And multiple myeloma was diagnosed on 2023-01-16

    @near-miss
    Scenario: Stated to be ineligible; thalidomide as maintenance
      Given the patient was stated to be ineligible for transplant on 2023-02-01
      And lenalidomide 10 mg was taken as induction from 2023-02-10 to 2023-08-31
      And thalidomide was taken as maintenance from 2024-12-25 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"

    @near-miss
    Scenario Outline: Eligibility is not recorded; <drug> as <phase> <until>
      Given lenalidomide 10 mg was taken as induction from 2023-02-10 to 2023-08-31
      And <drug> was taken as <phase> from 2024-12-25 <until>
      When the rule is evaluated
      Then it recommends with indicator "info"

      Examples:
        | drug               | phase         | until         |
        | thalidomide        | maintenance   | and continues |
        | lenalidomide 10 mg | consolidation | and continues |
        | lenalidomide 10 mg | maintenance   | to 2025-06-30 |

    @near-miss
    Scenario Outline: Stated to be ineligible; <drug> is ordered as <phase>
      Given the patient was stated to be ineligible for transplant on 2023-02-01
      And lenalidomide 10 mg was taken as induction from 2023-02-10 to 2023-08-31
      And <drug> is ordered as <phase>
      When the order is signed
      Then it recommends with indicator "info"

      Examples:
        | drug               | phase         |
        | thalidomide        | maintenance   |
        | lenalidomide 10 mg | consolidation |

    @near-miss
    Scenario Outline: Eligibility is not recorded; <drug> is ordered as <phase>
      Given lenalidomide 10 mg was taken as induction from 2023-02-10 to 2023-08-31
      And <drug> is ordered as <phase>
      When the order is signed
      Then it recommends with indicator "info"

      Examples:
        | drug               | phase         |
        | thalidomide        | maintenance   |
        | lenalidomide 10 mg | consolidation |

  Rule: 75 and over at diagnosis, whose diagnosis

    @near-miss
    Scenario: Lymphoma at 75 does not stand for myeloma, which was found at 73
      Given today is 2026-01-15
      And the patient is a man born 1949-01-15
      And multiple myeloma was diagnosed on 2022-06-01
      And follicular lymphoma was diagnosed on 2024-06-01
      And lenalidomide 10 mg was taken as maintenance from 2025-09-01 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"

    @fires
    Scenario: 75 years old at diagnosis and still so 365 days later, a leap day between
      Given today is 2025-01-15
      And the patient is a man born 1949-01-16
      And multiple myeloma was diagnosed on 2024-01-16
      And lenalidomide 10 mg was taken as maintenance from 2024-09-01 and continues
      When the rule is evaluated
      Then it recommends with indicator "warning"

  Rule: Moments and plan

    Background:
      Given today is 2026-01-15

    @fires
    Scenario Outline: It speaks when an order is <moment>
      Given multiple myeloma was diagnosed on 2023-11-10
      And the patient was stated to be eligible for transplant on 2023-11-20
      And the patient is a man aged 70
      And lenalidomide 10 mg was taken from 2024-12-25 to 2025-06-30
      And dexamethasone is ordered
      When the order is <moment>
      Then it recommends with indicator "info"

      Examples:
        | moment   |
        | selected |
        | signed   |

    @fires
    Scenario: It is a reason for second-cancer review
      Given multiple myeloma was diagnosed on 2023-11-10
      And the patient was stated to be eligible for transplant on 2023-11-20
      And the patient is a man aged 70
      And lenalidomide 10 mg was taken from 2024-12-25 to 2025-06-30
      When the chart is opened
      Then the plan names SPM-16 as a reason for second-cancer review
