@rule:SPM-23
Feature: Counts below the limits of the lenalidomide label
  Low neutrophils or platelets on lenalidomide: the label of combinations interrupts the drug. Exactly the limit is not below it.

  Background:
    Given today is 2026-01-15
    And the patient is a man aged 64
    And the patient was stated to be eligible for transplant on 2019-03-01
    And multiple myeloma was diagnosed on 2019-03-01

  @fires
  Scenario Outline: <value> <unit> <test> in combination treatment
    Given lenalidomide 25 mg was taken as induction from 2025-10-01 and continues
    And the laboratory found
      | date       | test   | value   | unit   |
      | 2026-01-13 | <test> | <value> | <unit> |
    When the rule is evaluated
    Then it recommends with indicator "<indicator>"
    And the card of it says "label limit"

    Examples:
      | test        | value | unit    | indicator |
      | neutrophils | 0.49  | 10*9/L  | critical  |
      | neutrophils | 490   | /uL     | critical  |
      | neutrophils | <0.5  | 10*9/L  | critical  |
      | neutrophils | 0.5   | 10*9/L  | warning   |
      | neutrophils | 0.99  | 10*9/L  | warning   |
      | neutrophils | 990   | /uL     | warning   |
      | neutrophils | 0.9   | 10*3/uL | warning   |
      | platelets   | 29    | 10*9/L  | critical  |
      | platelets   | 29000 | /uL     | critical  |

  @near-miss
  Scenario Outline: <value> <unit> <test> are enough in combination treatment
    Given lenalidomide 25 mg was taken as induction from 2025-10-01 and continues
    And the laboratory found
      | date       | test   | value   | unit   |
      | 2026-01-13 | <test> | <value> | <unit> |
    When the rule is evaluated
    Then it stays silent

    Examples:
      | test        | value | unit    |
      | neutrophils | 1.0   | 10*9/L  |
      | neutrophils | 1000  | /uL     |
      | platelets   | 50    | 10*9/L  |
      | platelets   | 50    | 10*3/uL |

  @fires
  Scenario Outline: <value> platelets: told, not critical
    Given lenalidomide <dose> mg was taken as <phase> from 2025-10-01 and continues
    And the laboratory found
      | date       | test      | value   | unit   |
      | 2026-01-13 | platelets | <value> | 10*9/L |
    When the rule is evaluated
    Then it recommends with indicator "info"

    Examples:
      | dose | phase       | value |
      | 25   | induction   | 30    |
      | 25   | induction   | 49    |
      | 10   | maintenance | 30    |
      | 10   | maintenance | 49    |

  @fires
  Scenario Outline: <value> <unit> <test> in maintenance
    Given lenalidomide 10 mg was taken as maintenance from 2024-09-15 and continues
    And the laboratory found
      | date       | test   | value   | unit   |
      | 2026-01-13 | <test> | <value> | <unit> |
    When the rule is evaluated
    Then it recommends with indicator "<indicator>"
    And the card of it says "maintenance"

    Examples:
      | test        | value | unit   | indicator |
      | neutrophils | 0.49  | 10*9/L | critical  |
      | neutrophils | 490   | /uL    | critical  |
      | platelets   | 29    | 10*9/L | critical  |
      | neutrophils | 0.5   | 10*9/L | info      |
      | neutrophils | 0.99  | 10*9/L | info      |

  @near-miss
  Scenario Outline: <value> <test> are enough in maintenance
    Given lenalidomide 10 mg was taken as maintenance from 2024-09-15 and continues
    And the laboratory found
      | date       | test   | value   | unit   |
      | 2026-01-13 | <test> | <value> | 10*9/L |
    When the rule is evaluated
    Then it stays silent

    Examples:
      | test        | value |
      | neutrophils | 1.0   |
      | platelets   | 50    |

  @fires
  Scenario Outline: Without a recorded phase the limit for combinations holds: <value>
    Given lenalidomide 25 mg was taken from 2024-09-15 and continues
    And dexamethasone was taken from 2024-09-15 and continues
    And the laboratory found
      | date       | test        | value   | unit   |
      | 2026-01-13 | neutrophils | <value> | 10*9/L |
    When the rule is evaluated
    Then it recommends with indicator "<indicator>"

    Examples:
      | value | indicator |
      | 0.49  | critical  |
      | 0.99  | warning   |

  @near-miss
  Scenario Outline: The value is <days> days old
    Given lenalidomide 25 mg was taken as induction from 2025-10-01 and continues
    And the laboratory found
      | date   | test        | value | unit   |
      | <date> | neutrophils | 0.8   | 10*9/L |
    When the rule is evaluated
    Then <result>

    Examples:
      | days | date       | result                                 |
      | 14   | 2026-01-01 | it recommends with indicator "warning" |
      | 15   | 2025-12-31 | it stays silent                        |

  @near-miss
  Scenario: The neutrophils came back
    Given lenalidomide 25 mg was taken as induction from 2025-10-01 and continues
    And the laboratory found
      | date       | test        | value | unit   |
      | 2026-01-06 | neutrophils | 0.4   | 10*9/L |
      | 2026-01-13 | neutrophils | 1.4   | 10*9/L |
    When the rule is evaluated
    Then it stays silent

  @fires
  Scenario: The lowest of one day counts
    Given lenalidomide 25 mg was taken as induction from 2025-10-01 and continues
    And the laboratory found
      | date       | test        | value | unit   |
      | 2026-01-13 | neutrophils | 0.4   | 10*9/L |
      | 2026-01-13 | neutrophils | 1.4   | 10*9/L |
    When the rule is evaluated
    Then it recommends with indicator "critical"

  @near-miss
  Scenario Outline: Low neutrophils <when>
    Given lenalidomide 25 mg was taken as induction from 2025-10-01 to <end>
    And the laboratory found
      | date       | test        | value | unit   |
      | 2026-01-13 | neutrophils | 0.4   | 10*9/L |
    When the rule is evaluated
    Then <result>

    Examples:
      | when                                   | end        | result                                  |
      | 28 days after the last lenalidomide    | 2025-12-18 | it recommends with indicator "critical" |
      | 29 days after the last lenalidomide    | 2025-12-17 | it stays silent                         |

  @near-miss
  Scenario: Low neutrophils on another drug
    Given pomalidomide was taken from 2025-10-01 and continues
    And the laboratory found
      | date       | test        | value | unit   |
      | 2026-01-13 | neutrophils | 0.4   | 10*9/L |
    When the rule is evaluated
    Then it stays silent

  @fires
  Scenario: Neutrophils as a share of the white cells
    Given lenalidomide 25 mg was taken as induction from 2025-10-01 and continues
    And the laboratory found
      | date       | test             | value | unit   |
      | 2026-01-13 | white cells      | 3     | 10*9/L |
      | 2026-01-13 | neutrophil share | 15    | %      |
    When the rule is evaluated
    Then it recommends with indicator "critical"
    And it names the fact "neutrophils 0.45 x10^9/L"

  @near-miss
  Scenario: The measured neutrophils outweigh the share
    Given lenalidomide 25 mg was taken as induction from 2025-10-01 and continues
    And the laboratory found
      | date       | test             | value | unit   |
      | 2026-01-13 | white cells      | 3     | 10*9/L |
      | 2026-01-13 | neutrophil share | 15    | %      |
      | 2026-01-13 | neutrophils      | 1.1   | 10*9/L |
    When the rule is evaluated
    Then it stays silent

  @unknown
  Scenario: Only granulocytes are counted
    Given lenalidomide 25 mg was taken as induction from 2025-10-01 and continues
    And the laboratory found
      | date       | test         | value | unit   |
      | 2026-01-13 | granulocytes | 0.8   | 10*9/L |
    When the rule is evaluated
    Then it is undecided
    And it asks about the blood count

  @near-miss
  Scenario: Enough granulocytes
    Given lenalidomide 25 mg was taken as induction from 2025-10-01 and continues
    And the laboratory found
      | date       | test         | value | unit   |
      | 2026-01-13 | granulocytes | 2.8   | 10*9/L |
    When the rule is evaluated
    Then it stays silent

  @unknown
  Scenario: Of a normal value only the month is recorded, so which is the latest is open
    Given lenalidomide 25 mg was taken as induction from 2025-10-01 and continues
    And the laboratory found
      | date       | test        | value | unit   |
      | 2026-01    | neutrophils | 1.5   | 10*9/L |
      | 2026-01-10 | neutrophils | 0.4   | 10*9/L |
    When the rule is evaluated
    Then it is undecided
    And it asks about the blood count

  @unknown
  Scenario Outline: Preliminary <test> of <value>, <before> before it
    Given lenalidomide 25 mg was taken as induction from 2025-10-01 and continues
    And the laboratory found
      | date       | test   | value    | unit   | status      |
      | <day>      | <test> | <normal> | 10*9/L | final       |
      | 2026-01-14 | <test> | <value>  | 10*9/L | preliminary |
    When the rule is evaluated
    Then it is undecided
    And it asks about the blood count

    Examples:
      | test        | value | before               | normal | day        |
      | neutrophils | 0.4   | a normal final value | 3      | 2026-01-05 |
      | platelets   | 20    | a normal final value | 180    | 2026-01-05 |
      | neutrophils | 0.4   | an old normal value  | 3      | 2025-10-05 |

  @near-miss
  Scenario: A normal preliminary value
    Given lenalidomide 25 mg was taken as induction from 2025-10-01 and continues
    And the laboratory found
      | date       | test        | value | unit   | status      |
      | 2026-01-05 | neutrophils | 3     | 10*9/L | final       |
      | 2026-01-14 | neutrophils | 3     | 10*9/L | preliminary |
    When the rule is evaluated
    Then it stays silent

  @fires
  Scenario: A normal preliminary value takes nothing from a low final one
    Given lenalidomide 25 mg was taken as induction from 2025-10-01 and continues
    And the laboratory found
      | date       | test        | value | unit   | status      |
      | 2026-01-10 | neutrophils | 0.4   | 10*9/L | final       |
      | 2026-01-14 | neutrophils | 3     | 10*9/L | preliminary |
    When the rule is evaluated
    Then it recommends with indicator "critical"

  @unknown
  Scenario: Neutrophils below 1.5 can be low or not
    Given lenalidomide 25 mg was taken as induction from 2025-10-01 and continues
    And the laboratory found
      | date       | test        | value | unit   |
      | 2026-01-13 | neutrophils | <1.5  | 10*9/L |
    When the rule is evaluated
    Then it is undecided
    And it asks about the blood count

  @unknown
  Scenario: Laboratory results were never searched
    Given lenalidomide 25 mg was taken as induction from 2025-10-01 and continues
    And Observation was not searched
    When the rule is evaluated
    Then it is undecided
    And it asks about the blood count

  @unless
  Scenario Outline: The patient has died
    Given lenalidomide 10 mg was taken as <phase> from 2024-09-15 to 2025-12-28
    And the patient died on 2026-01-12
    And the laboratory found
      | date       | test        | value | unit   |
      | 2026-01-11 | neutrophils | 0.1   | 10*9/L |
    When the rule is evaluated
    Then it stays silent

    Examples:
      | phase       |
      | maintenance |
      | induction   |

  @unknown
  Scenario Outline: A result that cannot be read: <what>
    Given lenalidomide 25 mg was taken as induction from 2025-10-01 and continues
    And the laboratory found
      | date       | test | value | unit |
      | 2026-01-10 | neutrophils | 3 | 10*9/L |
      | 2026-01-14 | neutrophils | <value> | <unit> |
    When the rule is evaluated
    Then it is undecided
    And it asks about the blood count

    Examples:
      | what              | value   | unit |
      | 0.4 without a unit | 0.4          |         |
      | an unknown unit    | 0.4      | "furlong" |
      | words              | very low |         |

  @fires
  Scenario: A result that cannot be read takes nothing from the latest that can
    Given lenalidomide 25 mg was taken as induction from 2025-10-01 and continues
    And the laboratory found
      | date       | test | value | unit |
      | 2026-01-10 | neutrophils | 0.4 | 10*9/L |
      | 2026-01-14 | neutrophils | pending review | |
    When the rule is evaluated
    Then it recommends with indicator "critical"

  @fires
  Scenario Outline: <value> neutrophils in <phase>
    Given lenalidomide 25 mg was taken as <phase> from 2025-10-01 and continues
    And the laboratory found
      | date       | test        | value   | unit   |
      | 2026-01-13 | neutrophils | <value> | 10*9/L |
    When the rule is evaluated
    Then it recommends with indicator "<indicator>"
    And the card of it says "label limit for combinations"

    Examples:
      | phase         | value | indicator |
      | consolidation | 0.99  | warning   |

  @fires
  Scenario Outline: Far below in consolidation: <value> <test>
    Given lenalidomide 25 mg was taken as consolidation from 2025-10-01 and continues
    And the laboratory found
      | date       | test   | value   | unit   |
      | 2026-01-13 | <test> | <value> | 10*9/L |
    When the rule is evaluated
    Then it recommends with indicator "critical"
    And the card of it says "below the lenalidomide label limit"

    Examples:
      | test        | value |
      | neutrophils | 0.49  |
      | platelets   | 29    |

  @fires
  Scenario Outline: Treatment of a relapse, <value> neutrophils
    Given myeloma progressed on 2025-09-10
    And lenalidomide 25 mg was taken from 2025-10-01 and continues
    And dexamethasone was taken from 2025-10-01 and continues
    And the laboratory found
      | date       | test        | value   | unit   |
      | 2026-01-13 | neutrophils | <value> | 10*9/L |
    When the rule is evaluated
    Then it recommends with indicator "<indicator>"
    And the card of it says "lenalidomide label limit"
    And it names the fact "relapse treatment"

    Examples:
      | value | indicator |
      | 0.49  | critical  |
      | 0.99  | warning   |

  @fires
  Scenario Outline: Alone, later, and without a dose: whether it is maintenance is not known, <value> neutrophils
    Given bortezomib was given from 2019-03-15 to 2019-09-30
    And lenalidomide was taken from 2024-09-15 and continues
    And the laboratory found
      | date       | test        | value   | unit   |
      | 2026-01-13 | neutrophils | <value> | 10*9/L |
    When the rule is evaluated
    Then it recommends with indicator "<indicator>"
    And the card of it says "lenalidomide label limit"
    And it names the fact "phase not recorded"

    Examples:
      | value | indicator |
      | 0.49  | critical  |
      | 0.99  | warning   |

  @fires
  Scenario Outline: In maintenance the limits of maintenance are told: <value> <test>
    Given lenalidomide 10 mg was taken as maintenance from 2024-09-15 and continues
    And the laboratory found
      | date       | test   | value   | unit   |
      | 2026-01-13 | <test> | <value> | 10*9/L |
    When the rule is evaluated
    Then it recommends with indicator "<indicator>"
    And the card of it says "<summary>"

    Examples:
      | test        | value | indicator | summary                                 |
      | neutrophils | 0.49  | critical  | very low on lenalidomide maintenance    |
      | platelets   | 29    | critical  | very low on lenalidomide maintenance    |
      | neutrophils | 0.99  | info      | Neutrophils low on lenalidomide maintenance |

  @near-miss
  Scenario Outline: No blasts at all in <phase>, which is below the numbers of other values
    Given lenalidomide 10 mg was taken as <phase> from 2025-10-01 and continues
    And the laboratory found
      | date       | test        | value | unit   |
      | 2026-01-13 | blast count | 0     | 10*9/L |
      | 2026-01-13 | blasts      | 0     | %      |
    When the rule is evaluated
    Then it stays silent

    Examples:
      | phase       |
      | induction   |
      | maintenance |

  @fires
  Scenario Outline: <value> <test> in <phase>, 14 days old
    Given lenalidomide 10 mg was taken as <phase> from 2025-10-01 and continues
    And the laboratory found
      | date       | test   | value   | unit   |
      | 2026-01-01 | <test> | <value> | 10*9/L |
    When the rule is evaluated
    Then it recommends with indicator "<indicator>"

    Examples:
      | phase       | test        | value | indicator |
      | induction   | neutrophils | 0.4   | critical  |
      | induction   | platelets   | 20    | critical  |
      | induction   | platelets   | 40    | info      |
      | maintenance | neutrophils | 0.4   | critical  |
      | maintenance | platelets   | 20    | critical  |
      | maintenance | neutrophils | 0.8   | info      |

  @near-miss
  Scenario Outline: <value> <test> in <phase>, 15 days old
    Given lenalidomide 10 mg was taken as <phase> from 2025-10-01 and continues
    And the laboratory found
      | date       | test   | value   | unit   |
      | 2025-12-31 | <test> | <value> | 10*9/L |
    When the rule is evaluated
    Then it stays silent

    Examples:
      | phase       | test        | value |
      | induction   | neutrophils | 0.4   |
      | induction   | platelets   | 20    |
      | induction   | platelets   | 40    |
      | maintenance | neutrophils | 0.4   |
      | maintenance | platelets   | 20    |
      | maintenance | neutrophils | 0.8   |

  @near-miss
  Scenario Outline: <test> of <value> in <phase> came back to <normal>
    Given lenalidomide 10 mg was taken as <phase> from 2025-10-01 and continues
    And the laboratory found
      | date       | test   | value    | unit   |
      | 2026-01-06 | <test> | <value>  | 10*9/L |
      | 2026-01-13 | <test> | <normal> | 10*9/L |
    When the rule is evaluated
    Then it stays silent

    Examples:
      | phase       | test        | value | normal |
      | induction   | platelets   | 20    | 180    |
      | induction   | platelets   | 40    | 180    |
      | maintenance | neutrophils | 0.4   | 2      |
      | maintenance | neutrophils | 0.8   | 2      |
      | maintenance | platelets   | 20    | 180    |

  @near-miss
  Scenario Outline: <value> <test>, 29 days after the last lenalidomide as <phase>
    Given lenalidomide 10 mg was taken as <phase> from 2024-09-15 to 2025-12-17
    And the laboratory found
      | date       | test   | value   | unit   |
      | 2026-01-13 | <test> | <value> | 10*9/L |
    When the rule is evaluated
    Then it stays silent

    Examples:
      | phase       | test        | value |
      | maintenance | neutrophils | 0.4   |
      | maintenance | neutrophils | 0.8   |
      | maintenance | platelets   | 20    |
      | maintenance | platelets   | 40    |
      | induction   | platelets   | 40    |

  @near-miss
  Scenario Outline: <value> platelets on another drug
    Given pomalidomide was taken from 2025-10-01 and continues
    And the laboratory found
      | date       | test      | value   | unit   |
      | 2026-01-13 | platelets | <value> | 10*9/L |
    When the rule is evaluated
    Then it stays silent

    Examples:
      | value |
      | 20    |
      | 40    |

  @fires
  Scenario Outline: It is seen when an order is <what> too
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And lenalidomide 10 mg is ordered
    And the laboratory found
      | date       | test        | value | unit   |
      | 2026-01-13 | neutrophils | 0.4   | 10*9/L |
    When the order is <what>
    Then it recommends with indicator "critical"

    Examples:
      | what     |
      | selected |
      | signed   |

  Scenario: The blood count of the plan is for this finding
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test        | value | unit   |
      | 2026-01-13 | neutrophils | 0.4   | 10*9/L |
    When the rule is evaluated
    Then the plan names SPM-23 as a reason for blood count
