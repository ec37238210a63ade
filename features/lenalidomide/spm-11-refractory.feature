@rule:SPM-11
Feature: Lenalidomide after progression on it
  Progression on lenalidomide, or up to 60 days after its last dose, makes its further use doubtful.

  Background:
    Given today is 2026-01-15
    And the patient is a man aged 61
    And multiple myeloma was diagnosed on 2022-01-10
    And the patient was stated to be eligible for transplant on 2022-01-10

  Rule: Lenalidomide is ordered again

    Background:
      Given lenalidomide 25 mg is ordered

    @fires
    Scenario: Progression on lenalidomide
      Given lenalidomide 10 mg was taken as maintenance from 2024-06-20 to 2025-06-12
      And myeloma progressed on 2025-06-10
      When the order is signed
      Then it recommends with indicator "warning"
      And the card of it says "confirm that lenalidomide is intended"
      And the card of it says "Dara, DaraKd, DaraPd, DaraVd, EloPd, EloPVd, IsaKd, IsaPd, Kd, KPd, PVd"
      And the card of it says "with melphalan DaraMPV, Dexa-BEAM"
      And the card of it says "with others DCEP, KCd, PACE, VdT-PACE"

    @fires
    Scenario: When the order is selected
      Given lenalidomide 10 mg was taken from 2024-06-20 to 2025-06-12
      And myeloma progressed on 2025-06-10
      When the order is selected
      Then it recommends with indicator "warning"

    @fires
    Scenario: Progression on day 60 after the last dose
      Given lenalidomide 10 mg was taken from 2024-06-20 to 2025-03-02
      And myeloma progressed on 2025-05-01
      When the order is signed
      Then it recommends with indicator "warning"

    @near-miss
    Scenario: Progression on day 61 after the last dose
      Given lenalidomide 10 mg was taken from 2024-06-20 to 2025-03-01
      And myeloma progressed on 2025-05-01
      When the order is signed
      Then it stays silent

    @fires
    Scenario: Progression told in words
      Given lenalidomide 10 mg was taken from 2024-06-20 to 2025-06-12
      And an observation on 2025-06-10 says "progressive disease"
      When the order is signed
      Then it recommends with indicator "warning"
      And it is worded as possible

    @fires
    Scenario: The regimen of the orders is named
      Given lenalidomide 10 mg was taken as maintenance from 2024-06-20 to 2025-06-12
      And myeloma progressed on 2025-06-10
      And carfilzomib is ordered
      And dexamethasone is ordered
      When the order is signed
      Then it recommends with indicator "warning"
      And it names the fact "regimen KRd, ordered"

    @near-miss
    Scenario: Progression before lenalidomide
      Given lenalidomide 25 mg was taken from 2024-06-20 to 2025-06-12
      And myeloma progressed on 2024-06-10
      When the order is signed
      Then it stays silent

    @near-miss
    Scenario: Progression on the day on which lenalidomide began
      Given lenalidomide 25 mg was taken from 2024-06-20 to 2025-06-12
      And myeloma progressed on 2024-06-20
      When the order is signed
      Then it stays silent

    @near-miss
    Scenario: No progression
      Given lenalidomide 25 mg was taken from 2024-06-20 to 2025-06-12
      When the order is signed
      Then it stays silent

    @near-miss
    Scenario: Progression on another drug
      Given pomalidomide was taken from 2024-06-20 to 2025-06-12
      And myeloma progressed on 2025-06-10
      When the order is signed
      Then it stays silent

    @near-miss
    Scenario Outline: A mere <suspicion>
      Given lenalidomide 10 mg was taken from 2024-06-20 to 2025-06-12
      And an observation on 2025-06-10 says "<suspicion>"
      When the order is signed
      Then it stays silent

      Examples:
        | suspicion               |
        | biochemical progression |
        | suspected progression   |

    @near-miss
    Scenario Outline: "<answer>" as the answer to "<question>" is no progression of the myeloma
      Given lenalidomide 10 mg was taken from 2024-06-20 to 2025-06-12
      And an observation "<question>" on 2025-06-10 says "<answer>"
      When the order is signed
      Then it stays silent

      Examples:
        | question                   | answer                     |
        | Renal replacement modality | PD                         |
        | Neurology review           | progression of neuropathy  |
        | Disease status             | progression of neuropathy  |
        | Disease status             | kidney disease progression |

    @unknown
    Scenario: A progression in the answer to a question that does not ask for the myeloma
      Given lenalidomide 10 mg was taken from 2024-06-20 to 2025-06-12
      And an observation "CKD review" on 2025-06-10 says "disease progression, eGFR 30"
      When the order is signed
      Then it is undecided
      And it asks about the progression

    @fires
    Scenario Outline: "<answer>" as the answer to "<question>"
      Given lenalidomide 10 mg was taken from 2024-06-20 to 2025-06-12
      And an observation "<question>" on 2025-06-10 says "<answer>"
      When the order is signed
      Then it recommends with indicator "warning"
      And it is worded as possible

      Examples:
        | question       | answer              |
        | Response       | PD                  |
        | Disease status | progression         |
        | Clinic letter  | myeloma progression |

    @near-miss
    Scenario Outline: A progression that is <status>
      Given lenalidomide 10 mg was taken from 2024-06-20 to 2025-06-12
      And a progression of 2025-06-10 has the verification status "<status>"
      When the order is signed
      Then it stays silent

      Examples:
        | status           |
        | refuted          |
        | entered-in-error |

    @unknown
    Scenario Outline: A progression that is <status> does not fire
      Given lenalidomide 10 mg was taken from 2024-06-20 to 2025-06-12
      And a progression of 2025-06-10 has the verification status "<status>"
      When the order is signed
      Then it does not fire
      And it is undecided
      And it asks about the progression

      Examples:
        | status      |
        | provisional |
        | unconfirmed |

    @unknown
    Scenario: Only the month of the last dose is recorded
      Given lenalidomide 10 mg was taken from 2024-06-20 to 2025-03
      And myeloma progressed on 2025-05-20
      When the order is signed
      Then it is undecided
      And it asks about the lenalidomide dates

    @fires
    Scenario: Wherever in the month the last dose was
      Given lenalidomide 10 mg was taken from 2024-06-20 to 2025-05
      And myeloma progressed on 2025-05-20
      When the order is signed
      Then it recommends with indicator "warning"

    @unknown
    Scenario: Only the year of the progression is recorded
      Given lenalidomide 10 mg was taken from 2024-06-20 to 2024-12-12
      And myeloma progressed on 2024
      When the order is signed
      Then it is undecided
      And it asks about the progression

    @unknown
    Scenario: Whether lenalidomide was taken is not known
      Given a medication statement of lenalidomide from 2024-06-20 to 2025-06-12 has the status "unknown"
      And myeloma progressed on 2025-06-10
      When the order is signed
      Then it is undecided
      And it asks about the lenalidomide exposure

    @unless
    Scenario: The patient has died
      Given lenalidomide 10 mg was taken from 2024-06-20 to 2025-06-12
      And myeloma progressed on 2025-06-10
      And the patient died on 2026-01-10
      When the order is signed
      Then it stays silent

    @near-miss
    Scenario: At the opening of the chart the order is not there yet
      Given lenalidomide 10 mg was taken from 2024-06-20 to 2025-06-12
      And myeloma progressed on 2025-06-10
      When the chart is opened
      Then it stays silent

  Rule: Other drugs are ordered after progression on lenalidomide

    Background:
      Given myeloma progressed on 2025-12-20

    @near-miss
    Scenario: A regimen without lenalidomide, while the last lenalidomide is being given
      Given lenalidomide 10 mg was taken from 2024-06-20 and continues
      And carfilzomib is ordered
      And dexamethasone is ordered
      When the order is signed
      Then it stays silent

    @near-miss
    Scenario: A drug that the present ones would complete to KRd
      Given lenalidomide 25 mg was taken from 2024-06-20 and continues
      And dexamethasone was taken from 2024-06-20 and continues
      And carfilzomib is ordered
      When the order is signed
      Then it stays silent

    @fires
    Scenario: A regimen with lenalidomide by name
      Given lenalidomide 10 mg was taken from 2024-06-20 to 2025-12-21
      And an order in words only says "KRd"
      When the order is signed
      Then it recommends with indicator "warning"
      And it is worded as possible
      And it names the fact "regimen KRd, ordered"

    @near-miss
    Scenario: A regimen without lenalidomide by name
      Given lenalidomide 10 mg was taken from 2024-06-20 to 2025-12-21
      And an order in words only says "VTD-PACE"
      When the order is signed
      Then it stays silent

  Rule: Lenalidomide goes on

    @fires
    Scenario: For 31 days after the progression
      Given lenalidomide 10 mg was taken from 2024-06-20 and continues
      And myeloma progressed on 2025-12-15
      When the chart is opened
      Then it recommends with indicator "warning"

    @near-miss
    Scenario: For 30 days after the progression
      Given lenalidomide 10 mg was taken from 2024-06-20 and continues
      And myeloma progressed on 2025-12-16
      When the chart is opened
      Then it stays silent

    @near-miss
    Scenario: It ended 30 days after the progression, and counts as active still
      Given lenalidomide 10 mg was taken from 2024-06-20 to 2026-01-09
      And myeloma progressed on 2025-12-10
      When the chart is opened
      Then it stays silent

    @fires
    Scenario: It ended 31 days after the progression, and counts as active still
      Given lenalidomide 10 mg was taken from 2024-06-20 to 2026-01-10
      And myeloma progressed on 2025-12-10
      When the chart is opened
      Then it recommends with indicator "warning"

    @near-miss
    Scenario: It went on for long, and ended 29 days ago
      Given lenalidomide 10 mg was taken from 2024-06-20 to 2025-12-17
      And myeloma progressed on 2025-06-10
      When the chart is opened
      Then it stays silent

    @fires
    Scenario: It was begun again after a break
      Given lenalidomide 10 mg was taken from 2022-06-20 to 2023-06-12
      And myeloma progressed on 2023-06-10
      And lenalidomide 25 mg was taken from 2025-03-01 and continues
      When the chart is opened
      Then it recommends with indicator "warning"

    @fires
    Scenario: Long maintenance past a progression is a reason for review of its duration
      Given lenalidomide 10 mg was taken as maintenance from 2022-06-20 and continues
      And myeloma progressed on 2025-06-10
      When the chart is opened
      Then it recommends with indicator "warning"
      And SPM-09 fires with indicator "warning"

  Rule: Whether the myeloma progressed is not known

    @unknown
    Scenario: A provisional progression, and lenalidomide goes on
      Given lenalidomide 10 mg was taken from 2024-01-01 and continues
      And a progression of 2025-06-10 has the verification status "provisional"
      When the rule is evaluated
      Then it is undecided

  Rule: Regimens by name, and other drugs

    Background:
      Given myeloma progressed on 2025-06-10

    @fires
    Scenario: Of two regimens by name it is not told which of their drugs are ordered
      Given lenalidomide 10 mg was taken from 2024-06-20 to 2025-06-12
      And an order in words only says "KRd, then PACE chemotherapy"
      When the order is signed
      Then it recommends with indicator "warning"
      And it is worded as possible

    @near-miss
    Scenario: A regimen with lenalidomide is planned, not ordered
      Given lenalidomide 10 mg was taken from 2024-06-20 to 2025-06-12
      And a plan in words only says "KRd"
      When the chart is opened
      Then it stays silent

    @near-miss
    Scenario: Lenalidomide ended, and another drug goes on
      Given lenalidomide 10 mg was taken from 2024-06-20 to 2025-06-12
      And pomalidomide was taken from 2025-06-20 and continues
      When the chart is opened
      Then it stays silent
