@rule:SPM-01
Feature: Any lenalidomide exposure in myeloma
  Every patient who took lenalidomide for myeloma keeps the basic second-cancer checks in follow-up, however long ago it was.

  Background:
    Given today is 2026-01-15
    And the patient is a woman aged 62
    And the patient was stated to be eligible for transplant on 2020-03-01

  Rule: Lenalidomide and myeloma

    Background:
      Given multiple myeloma was diagnosed on 2020-03-01

    @fires
    Scenario: Lenalidomide years ago
      Given lenalidomide 10 mg was taken from 2020-04-01 to 2020-09-15
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "ask about new lumps, skin changes, bleeding and weight loss"
      And it names the fact "lenalidomide"
      And nothing is asked

    @fires
    Scenario Outline: A <record> record that is <status> counts as given
      Given a medication <record> of lenalidomide from 2025-01-01 to 2025-06-30 has the status "<status>"
      When the rule is evaluated
      Then it recommends with indicator "info"

      Examples:
        | record         | status      |
        | administration | completed   |
        | administration | in-progress |
        | administration | stopped     |
        | dispense       | completed   |
        | dispense       | in-progress |
        | statement      | active      |
        | statement      | completed   |
        | statement      | stopped     |
        | request        | active      |
        | request        | completed   |
        | request        | stopped     |

    @unknown
    Scenario Outline: A <record> record that is <status> may be an exposure, and is asked about
      Given a medication <record> of lenalidomide from 2025-01-01 to 2025-06-30 has the status "<status>"
      When the rule is evaluated
      Then it is undecided
      And it asks about the lenalidomide exposure

      Examples:
        | record         | status  |
        | administration | on-hold |
        | administration | unknown |
        | dispense       | on-hold |
        | dispense       | unknown |
        | statement      | on-hold |
        | statement      | unknown |
        | request        | on-hold |
        | request        | unknown |

    @near-miss
    Scenario Outline: A <record> record that is <status> is no exposure
      Given a medication <record> of lenalidomide from 2025-01-01 to 2025-06-30 has the status "<status>"
      When the rule is evaluated
      Then it stays silent

      Examples:
        | record         | status           |
        | administration | not-done         |
        | administration | entered-in-error |
        | dispense       | cancelled        |
        | dispense       | declined         |
        | dispense       | entered-in-error |
        | dispense       | preparation      |
        | dispense       | stopped          |
        | statement      | intended         |
        | statement      | not-taken        |
        | statement      | entered-in-error |
        | request        | draft            |
        | request        | cancelled        |
        | request        | entered-in-error |

    @near-miss
    Scenario Outline: A request that is a mere <intent> is no exposure
      Given a medication request of lenalidomide from 2025-01-01 to 2025-06-30 has the intent "<intent>"
      When the rule is evaluated
      Then it stays silent

      Examples:
        | intent   |
        | proposal |
        | plan     |
        | option   |

    @fires
    Scenario Outline: A request that is <intent> is an order
      Given a medication request of lenalidomide from 2025-01-01 to 2025-06-30 has the intent "<intent>"
      When the rule is evaluated
      Then it recommends with indicator "info"

      Examples:
        | intent         |
        | order          |
        | original-order |
        | reflex-order   |
        | filler-order   |
        | instance-order |

    @near-miss
    Scenario: A request not to give it
      Given a medication request forbids lenalidomide from 2025-01-01 to 2025-06-30
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: Prescribed, but refused by the patient
      Given lenalidomide 10 mg was prescribed from 2025-06-01 and continues
      And lenalidomide was refused on 2025-06-01
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: Prescribed, but stated not to be taken in the same period
      Given lenalidomide 10 mg was prescribed from 2025-06-01 to 2025-08-31
      And a medication statement of lenalidomide from 2025-06-01 to 2025-08-31 has the status "not-taken"
      When the rule is evaluated
      Then it stays silent

    @fires
    Scenario: Prescribed and dispensed, then refused once
      Given lenalidomide 10 mg was prescribed from 2025-01-01 to 2025-12-31
      And lenalidomide 10 mg was dispensed every 28 days from 2025-01-01 to 2025-05-20
      And lenalidomide was refused on 2025-06-01
      When the rule is evaluated
      Then it recommends with indicator "info"

    @near-miss
    Scenario: Only ordered now, never taken
      Given lenalidomide 10 mg is ordered
      When the order is signed
      Then it stays silent

    @near-miss
    Scenario: Not before the first dose
      Given lenalidomide 10 mg was prescribed from 2026-02-01 to 2026-06-30
      When the rule is evaluated
      Then it stays silent

    @fires
    Scenario: First dose today
      Given lenalidomide 10 mg was given on 2026-01-15
      When the rule is evaluated
      Then it recommends with indicator "info"

    @near-miss
    Scenario Outline: <drug> is not lenalidomide
      Given <drug> was taken from 2021-01-01 to 2022-06-30
      When the rule is evaluated
      Then it stays silent
      And nothing is asked

      Examples:
        | drug          |
        | thalidomide   |
        | pomalidomide  |
        | bortezomib    |
        | carfilzomib   |
        | ixazomib      |
        | daratumumab   |
        | elotuzumab    |

    @fires
    Scenario Outline: Coded in <system>
      Given lenalidomide was taken from 2024-01-01 to 2024-12-31, coded in <system>
      When the rule is evaluated
      Then it recommends with indicator "info"

      Examples:
        | system |
        | RxNorm |
        | ATC    |
        | NDC    |

    @fires
    Scenario Outline: In words only, "<text>"
      Given a medication statement in words only says "<text>" from 2025-01-01 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"
      And it is worded as possible
      And it asks about the lenalidomide exposure

      Examples:
        | text                       |
        | Revlimid maintenance       |
        | lenalidomide 10 mg capsule |
        | Lenalidomid 15 mg          |
        | REVLIMID                   |

    @near-miss
    Scenario Outline: In words that deny it, "<text>"
      Given a medication statement in words only says "<text>" from 2025-01-01 and continues
      When the rule is evaluated
      Then it stays silent

      Examples:
        | text                           |
        | no lenalidomide                |
        | allergic to lenalidomide       |
        | mother took Revlimid           |

    @unknown
    Scenario: Medication records were never searched
      Given MedicationRequest was not searched
      And MedicationDispense was not searched
      And MedicationStatement was not searched
      And MedicationAdministration was not searched
      When the rule is evaluated
      Then it is undecided
      And it asks about the lenalidomide exposure

    @unless
    Scenario: The patient has died
      Given lenalidomide 10 mg was taken from 2020-04-01 to 2020-09-15
      And the patient died on 2025-12-01
      When the rule is evaluated
      Then it stays silent

  Rule: The disease is not recorded, or is another one

    @fires
    Scenario: No disease is recorded
      Given lenalidomide 10 mg was taken from 2025-01-01 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "if for myeloma"
      And exactly these rules fire: SPM-01, SPM-29
      And the tier is "info"

    @fires
    Scenario: Only the prescription names myeloma
      Given lenalidomide 10 mg was prescribed for multiple myeloma from 2025-01-01 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"
      And nothing is asked about the indication

    @fires
    Scenario Outline: The myeloma family counts, <disease>
      Given <disease> was diagnosed on 2020-03-01
      And lenalidomide 10 mg was taken from 2025-01-01 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"

      Examples:
        | disease              |
        | multiple myeloma     |
        | smouldering myeloma  |
        | plasma cell leukaemia|
        | plasmacytoma         |

    @near-miss
    Scenario: Only another disease is recorded
      Given follicular lymphoma was diagnosed on 2024-03-01
      And lenalidomide was taken from 2025-01-01 and continues
      When the rule is evaluated
      Then it stays silent
      And SPM-30 fires with indicator "info"

    @unknown
    Scenario: Conditions were never searched
      Given Condition was not searched
      And lenalidomide 10 mg was taken from 2025-01-01 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "if for myeloma"
      And it asks about the indication

    @unknown
    Scenario: Myeloma is only suspected
      Given multiple myeloma of 2024-12-01 has the verification status "provisional"
      And lenalidomide 10 mg was taken from 2025-01-01 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "if for myeloma"
      And it asks about the indication

    @unknown
    Scenario: Lenalidomide on hold, for a disease that is not recorded
      Given a medication request of lenalidomide from 2025-01-01 to 2025-06-30 has the status "on-hold"
      When the rule is evaluated
      Then it is undecided

  Rule: Moments and plan

    @fires
    Scenario Outline: It speaks when an order is <moment>
      Given multiple myeloma was diagnosed on 2020-03-01
      And lenalidomide 10 mg was taken from 2025-01-01 and continues
      And dexamethasone is ordered
      When the order is <moment>
      Then it recommends with indicator "info"

      Examples:
        | moment   |
        | selected |
        | signed   |

    @fires
    Scenario Outline: It is a reason for <check>
      Given multiple myeloma was diagnosed on 2020-03-01
      And lenalidomide 10 mg was taken from 2025-01-01 and continues
      And the patient smoked 30 pack-years until 2020-03-10
      When the chart is opened
      Then the plan names SPM-01 as a reason for <check>

      Examples:
        | check                       |
        | blood count                 |
        | skin check                  |
        | breast cancer screening     |
        | colorectal cancer screening |
        | cervical cancer screening   |
        | lung cancer screening       |
