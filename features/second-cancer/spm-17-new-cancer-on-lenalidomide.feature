@rule:SPM-17
Feature: New cancer while lenalidomide is active or ordered
  A cancer found after lenalidomide began calls for a decision about the drug by the treating team.

  Background:
    Given today is 2026-01-15
    And the patient is a man aged 63
    And multiple myeloma was diagnosed on 2022-12-01
    And the patient was stated to be eligible for transplant on 2022-12-01

  Rule: Lenalidomide goes on

    Background:
      Given lenalidomide 10 mg was taken from 2023-03-01 and continues

    @fires
    Scenario Outline: Active <cancer>
      Given <cancer> was diagnosed on 2025-06-10 and is active
      When the rule is evaluated
      Then it recommends with indicator "critical"
      And the card of it says "a decision by the treating team"

      Examples:
        | cancer              |
        | MDS                 |
        | AML                 |
        | ALL                 |
        | therapy-related MDS |
        | Hodgkin lymphoma    |
        | breast cancer       |
        | colon cancer        |
        | lung cancer         |
        | prostate cancer     |
        | melanoma            |

    @fires
    Scenario: Coded in another system
      Given MDS was diagnosed on 2025-06-10 and is active, coded in SNOMED CT
      When the rule is evaluated
      Then it recommends with indicator "critical"

    @fires
    Scenario: Only the day of recording is known
      Given MDS was recorded on 2025-06-10 and is active
      When the rule is evaluated
      Then it recommends with indicator "critical"

    @fires
    Scenario: The day after lenalidomide began
      Given colon cancer was diagnosed on 2023-03-02 and is active
      When the rule is evaluated
      Then it recommends with indicator "critical"

    @near-miss
    Scenario: The day before lenalidomide began
      Given colon cancer was diagnosed on 2023-02-28 and is active
      When the rule is evaluated
      Then it does not fire

    @fires
    Scenario Outline: <cancer> warns only
      Given <cancer> was diagnosed on 2025-06-10 and is active
      When the rule is evaluated
      Then it recommends with indicator "warning"
      And the card of it says "non-melanoma skin cancer or a cancer in situ"

      Examples:
        | cancer                    |
        | basal cell carcinoma      |
        | squamous cell skin cancer |
        | melanoma in situ          |
        | breast carcinoma in situ  |

    @fires
    Scenario Outline: A cancer that is <state> warns only
      Given breast cancer was diagnosed on 2024-06-10 and is <state>
      When the rule is evaluated
      Then it recommends with indicator "warning"
      And the card of it says "in remission or resolved"

      Examples:
        | state        |
        | in remission |
        | resolved     |

    @fires
    Scenario Outline: <cancer> in remission warns too
      Given <cancer> was diagnosed on 2024-06-10 and is in remission
      When the rule is evaluated
      Then it recommends with indicator "warning"

      Examples:
        | cancer              |
        | MDS                 |
        | AML                 |
        | ALL                 |
        | therapy-related MDS |
        | Hodgkin lymphoma    |
        | melanoma            |

    @unknown
    Scenario: In remission, and the site of the cancer is not told
      Given cancer of unknown site was diagnosed on 2024-06-10 and is in remission
      When the rule is evaluated
      Then it is undecided

    @fires @unknown
    Scenario: The state of the cancer is not recorded
      Given breast cancer was diagnosed on 2024-06-10 and is of unrecorded state
      When the rule is evaluated
      Then it recommends with indicator "warning"
      And it asks about the cancer status

    @fires
    Scenario: In words only, so never critical
      Given a condition in words only says "Myelodysplastic syndrome" on 2025-06-10
      When the rule is evaluated
      Then it recommends with indicator "warning"
      And it is worded as possible

    @near-miss
    Scenario: No other cancer
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: A cancer before myeloma
      Given breast cancer was diagnosed on 2012-06-10 and is active
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: Only a history of a cancer
      Given a history of breast cancer was recorded on 2022-12-15
      When the rule is evaluated
      Then it does not fire

    @near-miss
    Scenario: A recurrence of a cancer before myeloma
      Given breast cancer was diagnosed on 2012-06-10 and is resolved
      And breast cancer was diagnosed on 2025-06-10 and is active
      When the rule is evaluated
      Then it stays silent

    @fires
    Scenario: A cancer of another organ than the one before myeloma
      Given breast cancer was diagnosed on 2012-06-10 and is resolved
      And colon cancer was diagnosed on 2025-06-10 and is active
      When the rule is evaluated
      Then it recommends with indicator "critical"

    @near-miss
    Scenario Outline: <disease> is no second cancer
      Given <disease> was diagnosed on 2025-06-10 and is active
      When the rule is evaluated
      Then it stays silent

      Examples:
        | disease               |
        | metastasis            |
        | plasma cell leukaemia |
        | plasmacytoma          |
        | MGUS                  |
        | smouldering myeloma   |
        | multiple myeloma      |

    @near-miss
    Scenario Outline: A diagnosis that is <status>
      Given AML of 2025-06-10 has the verification status "<status>"
      When the rule is evaluated
      Then it stays silent

      Examples:
        | status           |
        | refuted          |
        | entered-in-error |

    @unknown
    Scenario Outline: A diagnosis that is <status> may be one
      Given AML of 2025-06-10 has the verification status "<status>"
      When the rule is evaluated
      Then it is undecided

      Examples:
        | status       |
        | provisional  |
        | differential |
        | unconfirmed  |

    @unknown
    Scenario: The site of the cancer is not told
      Given cancer of unknown site was diagnosed on 2025-06-10 and is active
      When the rule is evaluated
      Then it is undecided
      And it asks about the cancer status

    @unknown
    Scenario: The cancer has no date
      Given colon cancer is on record without a date and is active
      When the rule is evaluated
      Then it is undecided
      And it asks about the cancer onset

    @unknown
    Scenario: Only the year of the cancer is recorded, the year in which lenalidomide began
      Given colon cancer was diagnosed on 2023 and is active
      When the rule is evaluated
      Then it is undecided
      And it asks about the cancer onset

    @unknown
    Scenario: Conditions were never searched
      Given Condition was not searched
      When the rule is evaluated
      Then it is undecided

  Rule: Lenalidomide has ended

    @fires
    Scenario: It ended 28 days ago
      Given lenalidomide 10 mg was taken from 2023-03-01 to 2025-12-18
      And MDS was diagnosed on 2025-06-10 and is active
      When the rule is evaluated
      Then it recommends with indicator "critical"

    @near-miss
    Scenario: It ended 29 days ago
      Given lenalidomide 10 mg was taken from 2023-03-01 to 2025-12-17
      And MDS was diagnosed on 2025-06-10 and is active
      When the rule is evaluated
      Then it stays silent

    @fires
    Scenario: It ended, and is ordered again
      Given lenalidomide 10 mg was taken from 2023-03-01 to 2025-03-01
      And MDS was diagnosed on 2025-06-10 and is active
      And lenalidomide 10 mg is ordered
      When the order is signed
      Then it recommends with indicator "critical"

    @fires
    Scenario Outline: It ended, and is ordered again after <cancer> that is <state>
      Given lenalidomide 10 mg was taken from 2023-03-01 to 2025-03-01
      And <cancer> was diagnosed on 2025-06-10 and is <state>
      And lenalidomide 10 mg is ordered
      When the order is signed
      Then it recommends with indicator "warning"

      Examples:
        | cancer               | state        |
        | basal cell carcinoma | active       |
        | breast cancer        | in remission |

    @fires
    Scenario Outline: It ended, and <regimen> is ordered in words, so never critical
      Given lenalidomide 10 mg was taken from 2023-03-01 to 2025-03-01
      And AML was diagnosed on 2025-06-10 and is active
      And an order in words only says "<regimen>"
      When the order is signed
      Then it recommends with indicator "warning"
      And it is worded as possible
      And SPM-18 stays silent

      Examples:
        | regimen |
        | VRd     |
        | KRd     |

    @near-miss
    Scenario: It ended, and a regimen without it is ordered in words
      Given lenalidomide 10 mg was taken from 2023-03-01 to 2025-03-01
      And AML was diagnosed on 2025-06-10 and is active
      And an order in words only says "KPd"
      When the order is signed
      Then it stays silent
      And SPM-18 fires with indicator "warning"

    @near-miss
    Scenario: It is ordered for the first time
      Given MDS was diagnosed on 2025-06-10 and is active
      And lenalidomide 10 mg is ordered
      When the order is signed
      Then it stays silent

    @near-miss
    Scenario: Its end is not recorded, so it does not count as active
      Given lenalidomide 10 mg was taken from 2023-03-01 with no recorded end
      And MDS was diagnosed on 2025-06-10 and is active
      When the rule is evaluated
      Then it does not fire

    @unknown
    Scenario: Only the month of its end is recorded
      Given lenalidomide 10 mg was taken from 2023-03-01 to 2025-12
      And MDS was diagnosed on 2025-06-10 and is active
      When the rule is evaluated
      Then it is undecided
      And it asks about the lenalidomide dates

  Rule: Between the diagnosis of myeloma and its treatment

    @unknown
    Scenario: Neither before myeloma nor after treatment
      Given colon cancer was diagnosed on 2023-01-15 and is active
      And lenalidomide 10 mg was taken from 2023-03-01 and continues
      When the rule is evaluated
      Then it does not fire
      And SPM-29 fires with indicator "info"
      And SPM-01 fires with indicator "info"

    @unknown
    Scenario: On the day of the diagnosis of myeloma
      Given colon cancer was diagnosed on 2022-12-01 and is active
      And lenalidomide 10 mg was taken from 2023-03-01 and continues
      When the rule is evaluated
      Then it does not fire

    @unless
    Scenario: The patient has died
      Given lenalidomide 10 mg was taken from 2023-03-01 to 2025-12-30
      And MDS was diagnosed on 2025-06-10 and is active
      And the patient died on 2026-01-10
      When the rule is evaluated
      Then it stays silent

  Rule: Myeloma was treated with another drug before lenalidomide

    Background:
      Given bortezomib was given from 2022-12-15 to 2023-02-10
      And lenalidomide 10 mg was taken from 2023-03-01 and continues

    @near-miss
    Scenario Outline: <cancer>, <state>, found before the first lenalidomide
      Given <cancer> was diagnosed on 2023-02-20 and is <state>
      When the rule is evaluated
      Then it stays silent

      Examples:
        | cancer               | state        |
        | colon cancer         | active       |
        | colon cancer         | in remission |
        | basal cell carcinoma | active       |

    @near-miss
    Scenario Outline: <cancer>, <state>, found on the first day of lenalidomide
      Given <cancer> was diagnosed on 2023-03-01 and is <state>
      When the rule is evaluated
      Then it stays silent

      Examples:
        | cancer               | state        |
        | colon cancer         | active       |
        | colon cancer         | in remission |
        | basal cell carcinoma | active       |

  Rule: Only the year in which lenalidomide began is recorded, that of the diagnosis of myeloma

    Background:
      Given lenalidomide 10 mg was taken from 2022 and continues

    @near-miss
    Scenario Outline: <cancer>, <state>, found in that year before myeloma, is no second cancer
      Given <cancer> was diagnosed on 2022-06-10 and is <state>
      When the rule is evaluated
      Then it stays silent
      And SPM-15 fires with indicator "<before myeloma>"

      Examples:
        | cancer               | state        | before myeloma |
        | colon cancer         | active       | warning        |
        | colon cancer         | in remission | warning        |
        | basal cell carcinoma | active       | info           |

  Rule: Other treatment, moments and plan

    @near-miss
    Scenario: Lenalidomide ended long ago, and another drug goes on
      Given lenalidomide 10 mg was taken from 2023-03-01 to 2025-03-01
      And daratumumab was given from 2025-04-01 and continues
      And MDS was diagnosed on 2025-06-10 and is active
      When the rule is evaluated
      Then it stays silent
      And SPM-18 fires with indicator "warning"

    @fires
    Scenario Outline: It speaks when an order is <moment>
      Given lenalidomide 10 mg was taken from 2023-03-01 and continues
      And MDS was diagnosed on 2025-06-10 and is active
      And dexamethasone is ordered
      When the order is <moment>
      Then it recommends with indicator "critical"

      Examples:
        | moment   |
        | selected |
        | signed   |

    @fires
    Scenario: It is a reason for second-cancer review
      Given lenalidomide 10 mg was taken from 2023-03-01 and continues
      And MDS was diagnosed on 2025-06-10 and is active
      When the chart is opened
      Then the plan names SPM-17 as a reason for second-cancer review
