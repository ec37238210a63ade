@rule:SPM-21
Feature: Blasts after lenalidomide or melphalan
  Blasts in blood or marrow of a patient who had lenalidomide or melphalan need a haematologist now. Growth factors and the weeks after
  a transplant bring them too: then the card is milder. Plasma cells are not blasts.

  Background:
    Given today is 2026-01-15
    And the patient is a man aged 64
    And the patient was stated to be eligible for transplant on 2019-03-01
    And multiple myeloma was diagnosed on 2019-03-01

  @fires
  Scenario Outline: <value> <unit> <test> on lenalidomide
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test   | value   | unit   |
      | 2026-01-10 | <test> | <value> | <unit> |
    When the rule is evaluated
    Then it recommends with indicator "critical"
    And the card of it says "urgent haematology review"

    Examples:
      | test             | value | unit   |
      | blasts           | 1     | %      |
      | lymphoblasts     | 1     | %      |
      | blast count      | 0.01  | 10*9/L |
      | blast count      | 10    | /uL    |
      | lymphoblast count | 0.01 | 10*3/uL |
      | marrow blasts    | 5     | %      |
      | blasts           | >1    | %      |

  @near-miss
  Scenario Outline: <value> <unit> <test> are too few
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test   | value   | unit   |
      | 2026-01-10 | <test> | <value> | <unit> |
    When the rule is evaluated
    Then it stays silent

    Examples:
      | test          | value | unit   |
      | blasts        | 0.99  | %      |
      | lymphoblasts  | 0.99  | %      |
      | blasts        | <1    | %      |
      | blast count   | 0     | 10*9/L |
      | marrow blasts | 4.9   | %      |
      | plasma cells  | 20    | %      |

  @fires
  Scenario Outline: After <drug>, ended long ago
    Given <drug> was taken from 2020-01-01 to 2020-09-30
    And the laboratory found
      | date       | test   | value | unit |
      | 2026-01-10 | blasts | 3     | %    |
    When the rule is evaluated
    Then it recommends with indicator "critical"

    Examples:
      | drug                |
      | lenalidomide        |
      | oral melphalan      |
      | melphalan           |

  @near-miss
  Scenario Outline: After <drug> alone
    Given <drug> was taken from 2020-01-01 to 2020-09-30
    And the laboratory found
      | date       | test   | value | unit |
      | 2026-01-10 | blasts | 3     | %    |
    When the rule is evaluated
    Then it stays silent

    Examples:
      | drug                    |
      | thalidomide             |
      | bortezomib              |
      | melphalan flufenamide   |
      | melphalan into the eye  |

  @near-miss
  Scenario: A later count without blasts
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test   | value | unit |
      | 2025-12-26 | blasts | 3     | %    |
      | 2026-01-10 | blasts | 0     | %    |
    When the rule is evaluated
    Then it stays silent

  @fires
  Scenario: Two counts of one day that differ
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test   | value | unit |
      | 2026-01-10 | blasts | 3     | %    |
      | 2026-01-10 | blasts | 0     | %    |
    When the rule is evaluated
    Then it recommends with indicator "critical"

  @fires @near-miss
  Scenario Outline: Counted <days> days ago, and not since
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date   | test   | value   | unit   |
      | <date> | <test> | <value> | <unit> |
    When the rule is evaluated
    Then it recommends with indicator "<indicator>"

    Examples:
      | days | date       | test          | value | unit   | indicator |
      | 120  | 2025-09-17 | blasts        | 3     | %      | critical  |
      | 121  | 2025-09-16 | blasts        | 3     | %      | warning   |
      | 121  | 2025-09-16 | blast count   | 0.2   | 10*9/L | warning   |
      | 121  | 2025-09-16 | marrow blasts | 8     | %      | warning   |
      | 365  | 2025-01-15 | blasts        | 3     | %      | warning   |

  @near-miss
  Scenario: Counted 366 days ago, and not since
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test   | value | unit |
      | 2025-01-14 | blasts | 3     | %    |
    When the rule is evaluated
    Then it stays silent

  @unless @fires
  Scenario Outline: <test> while a growth factor is given
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And filgrastim was given from 2026-01-08 to 2026-01-12
    And the laboratory found
      | date       | test   | value | unit |
      | 2026-01-10 | <test> | 8     | %    |
    When the rule is evaluated
    Then it recommends with indicator "warning"
    And the card of it says "growth factor or transplant may explain them"

    Examples:
      | test          |
      | blasts        |
      | marrow blasts |

  @unless
  Scenario Outline: <test> <days> days after a growth factor
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And filgrastim was given on <date>
    And the laboratory found
      | date       | test   | value | unit |
      | 2026-01-10 | <test> | 8     | %    |
    When the rule is evaluated
    Then it recommends with indicator "<indicator>"

    Examples:
      | test          | days | date       | indicator |
      | blasts        | 14   | 2025-12-27 | warning   |
      | blasts        | 15   | 2025-12-26 | critical  |
      | marrow blasts | 14   | 2025-12-27 | warning   |
      | marrow blasts | 15   | 2025-12-26 | critical  |

  @unless
  Scenario Outline: <test> <days> days after an autologous transplant
    Given lenalidomide 10 mg was taken as induction from 2025-04-15 to 2025-09-30
    And an autologous stem cell transplant was done on <date>
    And the laboratory found
      | date       | test   | value | unit |
      | 2026-01-10 | <test> | 8     | %    |
    When the rule is evaluated
    Then it recommends with indicator "<indicator>"

    Examples:
      | test          | days | date       | indicator |
      | blasts        | 30   | 2025-12-11 | warning   |
      | blasts        | 31   | 2025-12-10 | critical  |
      | marrow blasts | 30   | 2025-12-11 | warning   |
      | marrow blasts | 31   | 2025-12-10 | critical  |

  @fires
  Scenario Outline: A preliminary result of <test>
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test   | value   | unit   | status      |
      | 2026-01-14 | <test> | <value> | <unit> | preliminary |
    When the rule is evaluated
    Then it recommends with indicator "warning"
    And the card of it says "Preliminary result"

    Examples:
      | test          | value | unit   |
      | blasts        | 3     | %      |
      | blast count   | 0.2   | 10*9/L |
      | marrow blasts | 8     | %      |

  @near-miss
  Scenario Outline: A result with the status "<status>"
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test   | value | unit | status   |
      | 2026-01-14 | blasts | 3     | %    | <status> |
    When the rule is evaluated
    Then it stays silent

    Examples:
      | status           |
      | cancelled        |
      | entered-in-error |

  @unknown
  Scenario: Blasts without a day
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date | test   | value | unit |
      |      | blasts | 3     | %    |
    When the rule is evaluated
    Then it is undecided
    And it asks about the blood count

  @unknown
  Scenario: A result whose status is unknown
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test   | value | unit | status  |
      | 2026-01-10 | blasts | 3     | %    | unknown |
    When the rule is evaluated
    Then it is undecided
    And it asks about the blood count

  @unknown
  Scenario: Only the month of the growth factor is recorded
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And filgrastim was given on 2026-01
    And the laboratory found
      | date       | test   | value | unit |
      | 2026-01-10 | blasts | 3     | %    |
    When the rule is evaluated
    Then it recommends with indicator "warning"
    And it asks about the other treatment

  @unknown
  Scenario: Laboratory results were never searched
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And Observation was not searched
    When the rule is evaluated
    Then it is undecided
    And it asks about the blood count

  @unless
  Scenario: The patient has died
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 to 2025-12-20
    And the patient died on 2025-12-28
    And the laboratory found
      | date       | test   | value | unit |
      | 2025-12-20 | blasts | 3     | %    |
    When the rule is evaluated
    Then it stays silent

  @unknown
  Scenario Outline: A result that cannot be read: <what>
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test | value | unit |
      | 2026-01-10 | blasts | 0 | % |
      | 2026-01-14 | blasts | <value> | <unit> |
    When the rule is evaluated
    Then it is undecided
    And it asks about the blood count

    Examples:
      | what              | value   | unit |
      | 3 without a unit  | 3       |      |
      | a share as a part | 0.03    | "1"  |
      | words             | present |      |
      | number in words   | 3 %     |      |

  @fires
  Scenario: A result that cannot be read takes nothing from the latest that can
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test | value | unit |
      | 2026-01-10 | blasts | 3 | % |
      | 2026-01-14 | blasts | pending review | |
    When the rule is evaluated
    Then it recommends with indicator "critical"

  @unknown
  Scenario: Preliminary blasts, and it is not known whether lenalidomide was taken
    Given a medication request of lenalidomide from 2024-06-20 to 2025-05-20 has the status "on-hold"
    And the laboratory found
      | date       | test   | value | unit | status      |
      | 2026-01-10 | blasts | 3     | %    | preliminary |
    When the rule is evaluated
    Then it is undecided

  @near-miss
  Scenario Outline: <test> of <value> <unit>, and a later one without
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test   | value   | unit   | status   |
      | 2025-12-26 | <test> | <value> | <unit> | <status> |
      | 2026-01-10 | <test> | <later> | <unit> | <status> |
    When the rule is evaluated
    Then it stays silent

    Examples: both counts final
      | test          | value | later | unit   | status      |
      | blast count   | 0.2   | 0     | 10*9/L | final       |
      | marrow blasts | 8     | 2     | %      | final       |

    Examples: both counts preliminary
      | test          | value | later | unit   | status      |
      | blasts        | 3     | 0     | %      | preliminary |
      | blast count   | 0.2   | 0     | 10*9/L | preliminary |
      | marrow blasts | 8     | 2     | %      | preliminary |

  @fires
  Scenario Outline: <test> counted exactly <days> days ago, and not since
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date   | test   | value   | unit   | status   |
      | <date> | <test> | <value> | <unit> | <status> |
    When the rule is evaluated
    Then it recommends with indicator "<indicator>"

    Examples: final counts
      | days | date       | test          | value | unit   | status | indicator |
      | 120  | 2025-09-17 | blast count   | 0.2   | 10*9/L | final  | critical  |
      | 120  | 2025-09-17 | marrow blasts | 8     | %      | final  | critical  |
      | 365  | 2025-01-15 | blast count   | 0.2   | 10*9/L | final  | warning   |
      | 365  | 2025-01-15 | marrow blasts | 8     | %      | final  | warning   |

    Examples: preliminary counts
      | days | date       | test          | value | unit   | status      | indicator |
      | 120  | 2025-09-17 | blasts        | 3     | %      | preliminary | warning   |
      | 120  | 2025-09-17 | blast count   | 0.2   | 10*9/L | preliminary | warning   |
      | 120  | 2025-09-17 | marrow blasts | 8     | %      | preliminary | warning   |

  @near-miss
  Scenario Outline: <status> <test> a day too old
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date   | test   | value   | unit   | status   |
      | <date> | <test> | <value> | <unit> | <status> |
    When the rule is evaluated
    Then it stays silent

    Examples: final, 366 days ago
      | date       | test          | value | unit   | status |
      | 2025-01-14 | blast count   | 0.2   | 10*9/L | final  |
      | 2025-01-14 | marrow blasts | 8     | %      | final  |

    Examples: preliminary, 121 days ago
      | date       | test          | value | unit   | status      |
      | 2025-09-16 | blasts        | 3     | %      | preliminary |
      | 2025-09-16 | blast count   | 0.2   | 10*9/L | preliminary |
      | 2025-09-16 | marrow blasts | 8     | %      | preliminary |

  @near-miss
  Scenario Outline: A preliminary <test> of <value> is too little
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test   | value   | unit   | status      |
      | 2026-01-14 | <test> | <value> | <unit> | preliminary |
    When the rule is evaluated
    Then it stays silent

    Examples:
      | test          | value | unit   |
      | blasts        | 0.9   | %      |
      | blast count   | 0     | 10*9/L |
      | marrow blasts | 4.9   | %      |
      | haemoglobin   | 9     | g/dL   |
      | platelets     | 80    | 10*9/L |

  @fires
  Scenario Outline: A preliminary <test> of exactly <value> %
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test   | value   | unit | status      |
      | 2026-01-14 | <test> | <value> | %    | preliminary |
    When the rule is evaluated
    Then it recommends with indicator "warning"
    And the card of it says "Preliminary result"

    Examples:
      | test          | value |
      | blasts        | 1     |
      | marrow blasts | 5     |

  @unless @fires
  Scenario Outline: Exactly <value> % <test>, and a growth factor may explain them
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And filgrastim was given from 2026-01-08 to 2026-01-12
    And the laboratory found
      | date       | test   | value   | unit |
      | 2026-01-10 | <test> | <value> | %    |
    When the rule is evaluated
    Then it recommends with indicator "warning"

    Examples:
      | test          | value |
      | blasts        | 1     |
      | marrow blasts | 5     |

  @unless
  Scenario Outline: <test> on a day when a growth factor is <what>
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And filgrastim was given from <start> to <end>
    And the laboratory found
      | date       | test   | value | unit |
      | 2026-01-10 | <test> | 8     | %    |
    When the rule is evaluated
    Then it recommends with indicator "<indicator>"

    Examples:
      | test          | what                   | start      | end        | indicator |
      | blasts        | begun                  | 2026-01-10 | 2026-01-12 | warning   |
      | blasts        | ended                  | 2026-01-08 | 2026-01-10 | warning   |
      | blasts        | yet to come            | 2026-01-11 | 2026-01-12 | critical  |
      | marrow blasts | begun                  | 2026-01-10 | 2026-01-12 | warning   |
      | marrow blasts | ended                  | 2026-01-08 | 2026-01-10 | warning   |
      | marrow blasts | yet to come            | 2026-01-11 | 2026-01-12 | critical  |

  @unless
  Scenario Outline: <test> on the first day of the month in which a growth factor ended
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And filgrastim was given from 2025-11-20 to 2025-12
    And the laboratory found
      | date       | test   | value | unit |
      | 2025-12-01 | <test> | 8     | %    |
    When the rule is evaluated
    Then it recommends with indicator "warning"
    And nothing is asked about the other treatment

    Examples:
      | test          |
      | blasts        |
      | marrow blasts |

  @fires
  Scenario Outline: <test> five days after a drug that is no growth factor
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And dexamethasone was taken from 2025-12-01 to 2026-01-05
    And the laboratory found
      | date       | test   | value | unit |
      | 2026-01-10 | <test> | 8     | %    |
    When the rule is evaluated
    Then it recommends with indicator "critical"

    Examples:
      | test          |
      | blasts        |
      | marrow blasts |

  @fires
  Scenario Outline: It is seen when an order is <what> too
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And lenalidomide 10 mg is ordered
    And the laboratory found
      | date       | test   | value | unit |
      | 2026-01-10 | blasts | 3     | %    |
    When the order is <what>
    Then it recommends with indicator "critical"

    Examples:
      | what     |
      | selected |
      | signed   |

  Scenario: The blood count of the plan is for this finding
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test   | value | unit |
      | 2026-01-10 | blasts | 3     | %    |
    When the rule is evaluated
    Then the plan names SPM-21 as a reason for blood count
