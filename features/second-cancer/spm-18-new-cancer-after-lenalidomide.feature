@rule:SPM-18
Feature: New cancer after lenalidomide, drug stopped
  A second cancer after lenalidomide is to be seen before the drug is thought of again.

  Background:
    Given today is 2026-01-15
    And the patient is a man aged 63
    And multiple myeloma was diagnosed on 2022-12-01
    And the patient was stated to be eligible for transplant on 2022-12-01

  Rule: Lenalidomide has ended

    Background:
      Given lenalidomide 10 mg was taken from 2023-03-01 to 2025-03-01

    @fires
    Scenario Outline: <cancer> that is <state>
      Given <cancer> was diagnosed on 2025-06-10 and is <state>
      When the rule is evaluated
      Then it recommends with indicator "warning"
      And the card of it says "flag before any re-treatment"
      And SPM-17 stays silent

      Examples:
        | cancer              | state        |
        | MDS                 | active       |
        | AML                 | active       |
        | ALL                 | active       |
        | therapy-related MDS | active       |
        | Hodgkin lymphoma    | active       |
        | breast cancer       | in remission |
        | melanoma            | resolved     |

    @fires
    Scenario: The cancer was found while lenalidomide was taken
      Given colon cancer was diagnosed on 2023-03-02 and is active
      When the rule is evaluated
      Then it recommends with indicator "warning"

    @near-miss
    Scenario: The cancer was found the day before lenalidomide began
      Given colon cancer was diagnosed on 2023-02-28 and is active
      When the rule is evaluated
      Then it does not fire

    @fires
    Scenario Outline: <cancer> is for information
      Given <cancer> was diagnosed on 2025-06-10
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "non-melanoma skin cancer or a cancer in situ"

      Examples:
        | cancer               |
        | basal cell carcinoma |
        | melanoma in situ     |

    @near-miss
    Scenario: A cancer before myeloma
      Given colon cancer was diagnosed on 2012-06-10 and is resolved
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: No other cancer
      When the rule is evaluated
      Then it stays silent

    @unless
    Scenario Outline: Lenalidomide is ordered again after <cancer>
      Given <cancer> was diagnosed on 2025-06-10
      And lenalidomide 10 mg is ordered
      When the order is signed
      Then it stays silent
      And SPM-17 fires with indicator "<indicator>"

      Examples:
        | cancer               | indicator |
        | AML                  | critical  |
        | basal cell carcinoma | warning   |

    @unless
    Scenario: The patient has died
      Given MDS was diagnosed on 2025-06-10 and is active
      And the patient died on 2025-12-28
      When the rule is evaluated
      Then it stays silent

    @unknown
    Scenario: The cancer has no date
      Given colon cancer is on record without a date and is active
      When the rule is evaluated
      Then it is undecided
      And it asks about the cancer onset

    @unknown
    Scenario: The site of the cancer is not told
      Given cancer of unknown site was diagnosed on 2025-06-10 and is active
      When the rule is evaluated
      Then it is undecided
      And it asks about the cancer status

    @unknown
    Scenario: Conditions were never searched
      Given Condition was not searched
      When the rule is evaluated
      Then it is undecided

  Rule: Whether it has ended

    @fires
    Scenario: It ended 29 days ago
      Given lenalidomide 10 mg was taken from 2023-03-01 to 2025-12-17
      And MDS was diagnosed on 2025-06-10 and is active
      When the rule is evaluated
      Then it recommends with indicator "warning"

    @near-miss
    Scenario: It ended 28 days ago, so it counts as active
      Given lenalidomide 10 mg was taken from 2023-03-01 to 2025-12-18
      And MDS was diagnosed on 2025-06-10 and is active
      When the rule is evaluated
      Then it stays silent
      And SPM-17 fires with indicator "critical"

    @unless
    Scenario Outline: It goes on, with <cancer>
      Given lenalidomide 10 mg was taken from 2023-03-01 and continues
      And <cancer> was diagnosed on 2025-06-10 and is active
      When the rule is evaluated
      Then it stays silent

      Examples:
        | cancer               |
        | MDS                  |
        | basal cell carcinoma |

    @fires
    Scenario: Its end is not recorded, so it does not count as active
      Given lenalidomide 10 mg was taken from 2023-03-01 with no recorded end
      And MDS was diagnosed on 2025-06-10 and is active
      When the rule is evaluated
      Then it recommends with indicator "warning"
      And the card of it says "as far as the record tells"

    @unknown
    Scenario Outline: Only the month of its end is recorded, with <cancer>
      Given lenalidomide 10 mg was taken from 2023-03-01 to 2025-12
      And <cancer> was diagnosed on 2025-06-10 and is active
      When the rule is evaluated
      Then it is undecided
      And it asks about the lenalidomide dates

      Examples:
        | cancer               |
        | MDS                  |
        | basal cell carcinoma |

  Rule: Never taken

    @near-miss
    Scenario: A cancer after other treatment
      Given bortezomib was given from 2023-03-01 to 2023-09-30
      And MDS was diagnosed on 2025-06-10 and is active
      When the rule is evaluated
      Then it stays silent

  Rule: Myeloma was treated with another drug before lenalidomide

    Background:
      Given bortezomib was given from 2022-12-15 to 2023-02-10
      And lenalidomide 10 mg was taken from 2023-03-01 to 2025-03-01

    @near-miss
    Scenario Outline: <cancer> was found <when>
      Given <cancer> was diagnosed on <day> and is active
      When the rule is evaluated
      Then it stays silent

      Examples:
        | cancer               | day        | when                             |
        | colon cancer         | 2023-02-20 | before the first lenalidomide    |
        | basal cell carcinoma | 2023-02-20 | before the first lenalidomide    |
        | colon cancer         | 2023-03-01 | on the first day of lenalidomide |
        | basal cell carcinoma | 2023-03-01 | on the first day of lenalidomide |

  Rule: Only the year in which lenalidomide began is recorded, that of the diagnosis of myeloma

    @near-miss
    Scenario Outline: <cancer> found in that year before myeloma is no second cancer
      Given lenalidomide 10 mg was taken from 2022 to 2025-03-01
      And <cancer> was diagnosed on 2022-06-10 and is active
      When the rule is evaluated
      Then it stays silent
      And SPM-15 fires with indicator "<before myeloma>"

      Examples:
        | cancer               | before myeloma |
        | colon cancer         | warning        |
        | basal cell carcinoma | info           |

  Rule: Other treatment, moments and plan

    Background:
      Given lenalidomide 10 mg was taken from 2023-03-01 to 2025-03-01

    @fires
    Scenario Outline: Another drug goes on, and <cancer> was found
      Given daratumumab was given from 2025-04-01 and continues
      And <cancer> was diagnosed on 2025-06-10 and is active
      When the rule is evaluated
      Then it recommends with indicator "<indicator>"

      Examples:
        | cancer               | indicator |
        | MDS                  | warning   |
        | basal cell carcinoma | info      |

    @fires
    Scenario Outline: It speaks when an order is <moment>
      Given MDS was diagnosed on 2025-06-10 and is active
      And dexamethasone is ordered
      When the order is <moment>
      Then it recommends with indicator "warning"

      Examples:
        | moment   |
        | selected |
        | signed   |

    @fires
    Scenario: It is a reason for second-cancer review
      Given MDS was diagnosed on 2025-06-10 and is active
      When the chart is opened
      Then the plan names SPM-18 as a reason for second-cancer review
