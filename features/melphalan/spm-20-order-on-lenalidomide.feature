@rule:SPM-20
Feature: Melphalan ordered while lenalidomide is active

  Background:
    Given today is 2026-01-15
    And the patient is a woman aged 68
    And multiple myeloma was diagnosed on 2023-03-01
    And the patient was stated to be eligible for transplant on 2023-03-01

  Rule: Lenalidomide goes on

    Background:
      Given lenalidomide 10 mg was taken from 2025-06-01 and continues

    @fires
    Scenario: Oral melphalan
      Given oral melphalan is ordered
      When the order is signed
      Then it recommends with indicator "critical"
      And the card of it says "confirm that both are meant to be taken together"

    @fires
    Scenario: Melphalan by mouth
      Given melphalan by mouth is ordered
      When the order is selected
      Then it recommends with indicator "critical"

    @fires
    Scenario Outline: <drug> of <dose> mg/m2
      Given <drug> <dose> mg/m2 is ordered
      When the order is signed
      Then it recommends with indicator "warning"

      Examples:
        | drug                  | dose |
        | intravenous melphalan | 200  |
        | intravenous melphalan | 16   |
        | melphalan by vein     | 140  |

    @fires @unknown
    Scenario: Melphalan without a route
      Given melphalan is ordered
      When the order is signed
      Then it recommends with indicator "warning"
      And it asks about the melphalan kind

    @fires
    Scenario: Melphalan flufenamide
      Given melphalan flufenamide is ordered
      When the order is signed
      Then it recommends with indicator "warning"
      And the card of it says "another molecule than melphalan"

    @fires
    Scenario: Melphalan in words only is never critical
      Given an order in words only says "Alkeran 2 mg tablets"
      When the order is signed
      Then it recommends with indicator "warning"
      And it is worded as possible

    @fires
    Scenario Outline: <regimen> in words, of which melphalan is a part
      Given an order in words only says "<regimen>"
      When the order is signed
      Then it recommends with indicator "warning"
      And it is worded as possible

      Examples:
        | regimen   |
        | MPR       |
        | VMP       |
        | Dexa-BEAM |
        | DaraMPV   |

    @fires
    Scenario: High-dose melphalan by its short name
      Given an order in words only says "HDM 200 mg/m2"
      When the order is signed
      Then it recommends with indicator "warning"
      And it is worded as possible

    @near-miss
    Scenario Outline: <regimen> in words, without melphalan
      Given an order in words only says "<regimen>"
      When the order is signed
      Then it stays silent

      Examples:
        | regimen  |
        | VRd      |
        | DCEP     |
        | VTD-PACE |

    @near-miss
    Scenario Outline: <drug> is no systemic melphalan
      Given <drug> is ordered
      When the order is signed
      Then it stays silent

      Examples:
        | drug                     |
        | melphalan into the eye   |
        | melphalan into the liver |
        | cyclophosphamide         |
        | pomalidomide             |

    @near-miss
    Scenario: No order
      When the chart is opened
      Then it stays silent

    @near-miss
    Scenario: It is not seen at the opening of the chart
      Given oral melphalan is ordered
      When the chart is opened
      Then it stays silent

  Rule: Lenalidomide has ended, or may have

    @fires
    Scenario: It ended 28 days ago
      Given lenalidomide 10 mg was taken from 2025-06-01 to 2025-12-18
      And oral melphalan is ordered
      When the order is signed
      Then it recommends with indicator "critical"

    @near-miss
    Scenario: It ended 29 days ago
      Given lenalidomide 10 mg was taken from 2025-06-01 to 2025-12-17
      And oral melphalan is ordered
      When the order is signed
      Then it stays silent

    @near-miss
    Scenario: No lenalidomide
      Given oral melphalan is ordered
      When the order is signed
      Then it stays silent

    @near-miss
    Scenario: Its end is not recorded, so it does not count as active
      Given lenalidomide 10 mg was taken from 2025-06-01 with no recorded end
      And oral melphalan is ordered
      When the order is signed
      Then it does not fire

    @unknown
    Scenario: Its record proves nothing
      Given a medication statement of lenalidomide from 2025-06-01 to 2026-01-10 has the status "unknown"
      And oral melphalan is ordered
      When the order is signed
      Then it is undecided
      And it asks about the lenalidomide exposure

    @unknown
    Scenario: Only the month of its end is recorded
      Given lenalidomide 10 mg was taken from 2025-06-01 to 2025-12
      And oral melphalan is ordered
      When the order is signed
      Then it is undecided
      And it asks about the lenalidomide dates

    @unless
    Scenario: The patient has died
      Given lenalidomide 10 mg was taken from 2025-06-01 and continues
      And oral melphalan is ordered
      And the patient died on 2026-01-10
      When the order is signed
      Then it stays silent

  Rule: Whether lenalidomide was taken is not known

    @unknown
    Scenario: Melphalan flufenamide is ordered
      Given a medication request of lenalidomide from 2025-06-01 and continues has the status "on-hold"
      And melphalan flufenamide is ordered
      When the order is signed
      Then it is undecided

  Rule: What is being taken, and what follows

    @near-miss
    Scenario Outline: <drug> is ordered while another drug than lenalidomide goes on
      Given bortezomib was given from 2025-06-01 and continues
      And <drug> is ordered
      When the order is signed
      Then it stays silent

      Examples:
        | drug                  |
        | oral melphalan        |
        | intravenous melphalan |
        | melphalan flufenamide |

    Scenario: The order is a reason for a blood count
      Given lenalidomide 10 mg was taken from 2025-06-01 and continues
      And oral melphalan is ordered
      When the order is signed
      Then the plan names SPM-20 as a reason for blood count
