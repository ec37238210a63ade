@rule:SPM-13
Feature: Other chemotherapy linked to leukaemia besides lenalidomide

  Background:
    Given today is 2026-01-15
    And the patient is a woman aged 61
    And multiple myeloma was diagnosed on 2022-03-01
    And the patient was stated to be eligible for transplant on 2022-03-01

  Rule: With lenalidomide

    Background:
      Given lenalidomide 10 mg was taken from 2025-01-01 and continues

    @fires
    Scenario Outline: <drug>
      Given <drug> was given on 2022-05-01
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "Other chemotherapy linked to leukaemia"
      And it names the fact "<drug>"

      Examples:
        | drug             |
        | etoposide        |
        | doxorubicin      |
        | cisplatin        |
        | carmustine       |
        | bendamustine     |
        | cyclophosphamide |

    @fires
    Scenario Outline: Cyclophosphamide for <days> is worded as a single course
      Given cyclophosphamide was given from 2022-05-01 to <end>
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "single course of cyclophosphamide"

      Examples:
        | end        | days   |
        | 2022-05-01 | 1 day  |
        | 2022-05-07 | 7 days |

    @fires
    Scenario: Cyclophosphamide for 7 days of February, exactly a quarter of the month, is worded as a single course
      Given cyclophosphamide was given from 2022-02-01 to 2022-02-07
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "single course of cyclophosphamide"

    @fires @near-miss
    Scenario: Cyclophosphamide for 8 days
      Given cyclophosphamide was given from 2022-05-01 to 2022-05-08
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "note the cumulative dose"

    @fires
    Scenario: Weekly cyclophosphamide
      Given cyclophosphamide was given
        | date       | dose | unit |
        | 2022-05-01 | 500  | mg   |
        | 2022-05-08 | 500  | mg   |
        | 2022-05-15 | 500  | mg   |
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "note the cumulative dose"

    @unless
    Scenario Outline: Cyclophosphamide twice, the first <first>, the second <second>
      Given cyclophosphamide was given on <first>
      And cyclophosphamide was given on <second>
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "note the cumulative dose"

      Examples:
        | first      | second     |
        | 2022-05-01 | 2024-05-01 |
        | 2024-05-01 | 2022-05-01 |

    @unless
    Scenario Outline: <drug> besides one course of cyclophosphamide
      Given cyclophosphamide was given on 2022-05-01
      And <drug> was given on 2022-05-01
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "note the cumulative dose"

      Examples:
        | drug         |
        | etoposide    |
        | doxorubicin  |
        | cisplatin    |
        | carmustine   |
        | bendamustine |

    @fires
    Scenario: A drug that is not linked to leukaemia, before one course of cyclophosphamide
      Given bortezomib was given from 2022-03-10 to 2022-04-20
      And cyclophosphamide was given on 2022-05-01
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "single course of cyclophosphamide"

    @fires
    Scenario: One infusion that is told twice, once with its phase, is a single course
      Given cyclophosphamide was given on 2022-05-01
      And cyclophosphamide was given as induction on 2022-05-01
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "single course of cyclophosphamide"

    @near-miss
    Scenario: A carmustine wafer in the brain is local
      Given carmustine wafer was given on 2022-05-01
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario Outline: <drug> is not among these drugs
      Given <drug> was given on 2022-05-01
      When the rule is evaluated
      Then it stays silent

      Examples:
        | drug                  |
        | bortezomib            |
        | daratumumab           |
        | carfilzomib           |
        | thalidomide           |
        | cytarabine            |
        | intravenous melphalan |

    @near-miss
    Scenario: Cyclophosphamide that was refused
      Given cyclophosphamide was refused on 2022-05-01
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: Cyclophosphamide is planned only
      Given cyclophosphamide is planned
      When the rule is evaluated
      Then it stays silent

    @unless
    Scenario: The patient has died
      Given etoposide was given on 2022-05-01
      And the patient died on 2026-01-10
      When the rule is evaluated
      Then it stays silent

  Rule: Without lenalidomide

    @near-miss
    Scenario: No lenalidomide
      Given etoposide was given on 2022-05-01
      When the rule is evaluated
      Then it stays silent

    @unknown
    Scenario: Lenalidomide that may have been taken
      Given etoposide was given on 2022-05-01
      And a medication statement of lenalidomide from 2025-01-01 to 2025-06-10 has the status "unknown"
      When the rule is evaluated
      Then it is undecided
      And it asks about the lenalidomide exposure

  Rule: Whether lenalidomide was taken is not known

    @unknown
    Scenario: A single day of cyclophosphamide
      Given a medication request of lenalidomide from 2024-06-20 to 2025-05-20 has the status "on-hold"
      And cyclophosphamide was given on 2022-05-01
      When the rule is evaluated
      Then it is undecided

  Rule: After more than a single course

    @unless @fires
    Scenario: Months of cyclophosphamide, and a single day of it later
      Given lenalidomide 10 mg was taken from 2024-01-01 to 2024-06-30
      And cyclophosphamide was taken from 2022-05-01 to 2022-08-30
      And cyclophosphamide was given on 2023-05-01
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it does not say "single"

  Rule: When orders are written

    @fires
    Scenario Outline: It speaks when an order is <moment>
      Given lenalidomide 10 mg was taken from 2025-01-01 and continues
      And etoposide was given on 2022-05-01
      And dexamethasone is ordered
      When the order is <moment>
      Then it recommends with indicator "info"

      Examples:
        | moment   |
        | selected |
        | signed   |
