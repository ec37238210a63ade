@rule:SPM-22
Feature: Persistent low counts or large red cells
  Two lines low, or one long after lenalidomide, or large red cells, on two blood counts well apart with no normal one between them or
  after: then a look into the marrow may be due. One count decides nothing.

  Background:
    Given today is 2026-01-15
    And the patient is a man aged 64
    And the patient was stated to be eligible for transplant on 2019-03-01
    And multiple myeloma was diagnosed on 2019-03-01

  @fires
  Scenario Outline: <one> and <other> low on two counts 28 days apart
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test    | value    | unit |
      | 2025-12-13 | <one>   | <first>  | <in> |
      | 2025-12-13 | <other> | <second> | <of> |
      | 2026-01-10 | <one>   | <first>  | <in> |
      | 2026-01-10 | <other> | <second> | <of> |
    When the rule is evaluated
    Then it recommends with indicator "warning"
    And the card of it says "consider t-MN or B-ALL work-up"

    Examples:
      | one                | first | in     | other       | second | of       |
      | haemoglobin        | 9.9   | g/dL   | neutrophils | 0.99   | 10*9/L   |
      | haemoglobin        | 9.9   | g/dL   | platelets   | 99     | 10*9/L   |
      | neutrophils        | 0.99  | 10*9/L | platelets   | 99     | 10*9/L   |
      | haemoglobin        | 99    | g/L    | neutrophils | 990    | /uL      |
      | haemoglobin, molar | 6.2   | mmol/L | platelets   | 99     | 10*3/uL  |

  @near-miss
  Scenario Outline: <one> of <first> <in> and <other> of <second> <of>: one of them is not low
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test    | value    | unit |
      | 2025-12-13 | <one>   | <first>  | <in> |
      | 2025-12-13 | <other> | <second> | <of> |
      | 2026-01-10 | <one>   | <first>  | <in> |
      | 2026-01-10 | <other> | <second> | <of> |
    When the rule is evaluated
    Then it stays silent

    Examples:
      | one                | first | in     | other       | second | of      |
      | haemoglobin        | 10    | g/dL   | platelets   | 80     | 10*9/L  |
      | haemoglobin        | 100   | g/L    | platelets   | 80     | 10*9/L  |
      | haemoglobin, molar | 6.21  | mmol/L | platelets   | 80     | 10*9/L  |
      | haemoglobin        | 9     | g/dL   | neutrophils | 1.0    | 10*9/L  |
      | haemoglobin        | 9     | g/dL   | neutrophils | 1000   | /uL     |
      | haemoglobin        | 9     | g/dL   | platelets   | 100    | 10*3/uL |

  @near-miss
  Scenario Outline: The counts are <days> days apart
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test        | value | unit   |
      | <date>     | haemoglobin | 9     | g/dL   |
      | <date>     | platelets   | 80    | 10*9/L |
      | 2026-01-10 | haemoglobin | 9     | g/dL   |
      | 2026-01-10 | platelets   | 80    | 10*9/L |
    When the rule is evaluated
    Then <result>

    Examples:
      | days | date       | result                               |
      | 28   | 2025-12-13 | it recommends with indicator "warning" |
      | 27   | 2025-12-14 | it stays silent                      |

  @near-miss
  Scenario Outline: The first count was <days> days ago
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test        | value | unit   |
      | <date>     | haemoglobin | 9     | g/dL   |
      | <date>     | platelets   | 80    | 10*9/L |
      | 2025-11-16 | haemoglobin | 9     | g/dL   |
      | 2025-11-16 | platelets   | 80    | 10*9/L |
    When the rule is evaluated
    Then <result>

    Examples:
      | days | date       | result                               |
      | 120  | 2025-09-17 | it recommends with indicator "warning" |
      | 121  | 2025-09-16 | it stays silent                      |

  @near-miss
  Scenario: One count only
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test        | value | unit   |
      | 2026-01-10 | haemoglobin | 8     | g/dL   |
      | 2026-01-10 | neutrophils | 0.6   | 10*9/L |
      | 2026-01-10 | platelets   | 40    | 10*9/L |
      | 2026-01-10 | MCV         | 108   | fL     |
    When the rule is evaluated
    Then it stays silent

  @near-miss
  Scenario Outline: A normal count <when>
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test        | value | unit   |
      | 2025-12-06 | haemoglobin | 9.6   | g/dL   |
      | 2025-12-06 | platelets   | 88    | 10*9/L |
      | <date>     | platelets   | 150   | 10*9/L |
      | 2026-01-10 | haemoglobin | 9.4   | g/dL   |
      | 2026-01-10 | platelets   | 82    | 10*9/L |
    When the rule is evaluated
    Then it stays silent

    Examples:
      | when                 | date       |
      | between the two      | 2025-12-26 |
      | after them           | 2026-01-13 |
      | on the day of one    | 2026-01-10 |

  @fires
  Scenario: A normal count before the two
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test        | value | unit   |
      | 2025-11-16 | platelets   | 150   | 10*9/L |
      | 2025-12-06 | haemoglobin | 9.6   | g/dL   |
      | 2025-12-06 | platelets   | 88    | 10*9/L |
      | 2026-01-10 | haemoglobin | 9.4   | g/dL   |
      | 2026-01-10 | platelets   | 82    | 10*9/L |
    When the rule is evaluated
    Then it recommends with indicator "warning"
    And it names the fact "platelets 82 to 88 x10^9/L"

  @near-miss
  Scenario: Each count has two low lines, but only one of them in both
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test        | value | unit   |
      | 2025-12-06 | haemoglobin | 9     | g/dL   |
      | 2025-12-06 | platelets   | 80    | 10*9/L |
      | 2025-12-06 | neutrophils | 2.5   | 10*9/L |
      | 2026-01-10 | haemoglobin | 9     | g/dL   |
      | 2026-01-10 | platelets   | 150   | 10*9/L |
      | 2026-01-10 | neutrophils | 0.8   | 10*9/L |
    When the rule is evaluated
    Then it stays silent

  @fires
  Scenario: After melphalan, without lenalidomide
    Given oral melphalan was taken from 2020-01-01 to 2020-09-30
    And the laboratory found
      | date       | test        | value | unit   |
      | 2025-12-06 | haemoglobin | 9.6   | g/dL   |
      | 2025-12-06 | platelets   | 88    | 10*9/L |
      | 2026-01-10 | haemoglobin | 9.4   | g/dL   |
      | 2026-01-10 | platelets   | 82    | 10*9/L |
    When the rule is evaluated
    Then it recommends with indicator "warning"

  @near-miss
  Scenario: Neither lenalidomide nor melphalan
    Given thalidomide was taken from 2020-01-01 to 2020-09-30
    And the laboratory found
      | date       | test        | value | unit   |
      | 2025-12-06 | haemoglobin | 9.6   | g/dL   |
      | 2025-12-06 | platelets   | 88    | 10*9/L |
      | 2026-01-10 | haemoglobin | 9.4   | g/dL   |
      | 2026-01-10 | platelets   | 82    | 10*9/L |
    When the rule is evaluated
    Then it stays silent

  @fires
  Scenario: Neutrophils as a share of the white cells
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test             | value | unit   |
      | 2025-12-06 | haemoglobin      | 9     | g/dL   |
      | 2025-12-06 | white cells      | 3     | 10*9/L |
      | 2025-12-06 | neutrophil share | 30    | %      |
      | 2026-01-10 | haemoglobin      | 9     | g/dL   |
      | 2026-01-10 | white cells      | 3     | 10*9/L |
      | 2026-01-10 | neutrophil share | 30    | %      |
    When the rule is evaluated
    Then it recommends with indicator "warning"
    And it names the fact "neutrophils 0.9 x10^9/L"

  @fires
  Scenario Outline: Only <test> low, 56 days after the end of lenalidomide
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 to 2025-11-15
    And the laboratory found
      | date       | test   | value   | unit   |
      | 2025-12-06 | <test> | <value> | <unit> |
      | 2026-01-10 | <test> | <value> | <unit> |
    When the rule is evaluated
    Then it recommends with indicator "warning"
    And the card of it says "although lenalidomide ended"
    And the card of it says "so the drug no longer explains them"

    Examples:
      | test        | value | unit   |
      | haemoglobin | 9.9   | g/dL   |
      | neutrophils | 0.99  | 10*9/L |
      | platelets   | 99    | 10*9/L |

  @near-miss @unless
  Scenario Outline: Only platelets low, last <days> days after the end of lenalidomide
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 to <end>
    And the laboratory found
      | date       | test      | value | unit   |
      | 2025-12-06 | platelets | 80    | 10*9/L |
      | 2026-01-10 | platelets | 80    | 10*9/L |
    When the rule is evaluated
    Then <result>

    Examples:
      | days | end        | result                               |
      | 56   | 2025-11-15 | it recommends with indicator "warning" |
      | 55   | 2025-11-16 | it stays silent                      |

  @near-miss
  Scenario: Only platelets low, on lenalidomide
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test      | value | unit   |
      | 2025-12-06 | platelets | 80    | 10*9/L |
      | 2026-01-10 | platelets | 80    | 10*9/L |
    When the rule is evaluated
    Then it stays silent

  @unless
  Scenario Outline: Only platelets low; an earlier course ended long ago, a later one <when>
    Given lenalidomide 25 mg was taken as induction from 2020-01-15 to 2020-06-30
    And lenalidomide 10 mg was taken as maintenance from 2023-07-15 to <end>
    And the laboratory found
      | date       | test      | value | unit   |
      | 2025-11-06 | platelets | 80    | 10*9/L |
      | 2025-12-06 | platelets | 80    | 10*9/L |
    When the rule is evaluated
    Then it stays silent

    Examples:
      | when                             | end        |
      | within 56 days of the last count | 2025-10-17 |
      | after the last count             | 2025-12-16 |
      | today                            | 2026-01-15 |

  @fires
  Scenario Outline: Large red cells with low <test>
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test   | value   | unit   |
      | 2025-12-06 | MCV    | 101     | fL     |
      | 2025-12-06 | <test> | <value> | <unit> |
      | 2026-01-10 | MCV    | 101     | fL     |
      | 2026-01-10 | <test> | <value> | <unit> |
    When the rule is evaluated
    Then it recommends with indicator "warning"

    Examples:
      | test        | value | unit   |
      | haemoglobin | 9.9   | g/dL   |
      | neutrophils | 0.99  | 10*9/L |
      | platelets   | 99    | 10*9/L |

  @fires
  Scenario: Large red cells alone, twice
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test        | value | unit |
      | 2025-12-06 | MCV         | 101   | fL   |
      | 2026-01-10 | MCV         | 101   | fL   |
      | 2025-12-06 | haemoglobin | 12    | g/dL |
      | 2026-01-10 | haemoglobin | 12    | g/dL |
    When the rule is evaluated
    Then it recommends with indicator "info"
    And the card of it says "Large red cells on repeated counts"

  @near-miss
  Scenario Outline: Mean cell volume of <first>, then <second> fL
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test | value    | unit |
      | 2025-12-06 | MCV  | <first>  | fL   |
      | 2026-01-10 | MCV  | <second> | fL   |
    When the rule is evaluated
    Then it stays silent

    Examples:
      | first | second |
      | 100   | 100    |
      | 101   | 100    |
      | 100   | 101    |

  @unless
  Scenario Outline: <what>, the first 60 and 61 days after an autologous transplant
    Given lenalidomide 25 mg was taken as induction from 2025-01-15 to 2025-07-31
    And an autologous stem cell transplant was done on <date>
    And the laboratory found
      | date       | test        | value | unit   |
      | 2025-12-06 | haemoglobin | <hb>  | g/dL   |
      | 2025-12-06 | platelets   | <plt> | 10*9/L |
      | 2025-12-06 | MCV         | <mcv> | fL     |
      | 2026-01-10 | haemoglobin | <hb>  | g/dL   |
      | 2026-01-10 | platelets   | <plt> | 10*9/L |
      | 2026-01-10 | MCV         | <mcv> | fL     |
    When the rule is evaluated
    Then <result>

    Examples:
      | what            | date       | hb | plt | mcv | result                               |
      | Two lines       | 2025-10-07 | 9  | 80  | 90  | it stays silent                      |
      | Two lines       | 2025-10-06 | 9  | 80  | 90  | it recommends with indicator "warning" |
      | One line        | 2025-10-07 | 12 | 80  | 90  | it stays silent                      |
      | One line        | 2025-10-06 | 12 | 80  | 90  | it recommends with indicator "warning" |
      | A line and cells | 2025-10-07 | 9 | 200 | 105 | it stays silent                      |
      | Large cells     | 2025-10-07 | 12 | 200 | 105 | it stays silent                      |
      | Large cells     | 2025-10-06 | 12 | 200 | 105 | it recommends with indicator "info"  |

  @unless
  Scenario Outline: <what> after <drug> that ended <days> days before the first count
    Given lenalidomide 25 mg was taken as induction from 2024-01-15 to 2024-07-31
    And <drug> was given from 2025-09-01 to <end>
    And the laboratory found
      | date       | test        | value | unit   |
      | 2025-12-06 | haemoglobin | <hb>  | g/dL   |
      | 2025-12-06 | platelets   | <plt> | 10*9/L |
      | 2025-12-06 | MCV         | <mcv> | fL     |
      | 2026-01-10 | haemoglobin | <hb>  | g/dL   |
      | 2026-01-10 | platelets   | <plt> | 10*9/L |
      | 2026-01-10 | MCV         | <mcv> | fL     |
    When the rule is evaluated
    Then <result>

    Examples:
      | what            | drug             | days | end        | hb | plt | mcv | result                               |
      | Two lines       | cyclophosphamide | 60   | 2025-10-07 | 9  | 80  | 90  | it stays silent                      |
      | Two lines       | cyclophosphamide | 61   | 2025-10-06 | 9  | 80  | 90  | it recommends with indicator "warning" |
      | One line        | etoposide        | 60   | 2025-10-07 | 12 | 80  | 90  | it stays silent                      |
      | A line and cells | etoposide       | 60   | 2025-10-07 | 9  | 200 | 105 | it stays silent                      |
      | Large cells     | cyclophosphamide | 60   | 2025-10-07 | 12 | 200 | 105 | it stays silent                      |
      | Two lines       | daratumumab      | 10   | 2025-11-26 | 9  | 80  | 90  | it recommends with indicator "warning" |

  @unless
  Scenario Outline: Two lines low around <drug> from <start> to <end>
    Given lenalidomide 25 mg was taken as induction from 2024-01-15 to 2024-07-31
    And <drug> was given from <start> to <end>
    And the laboratory found
      | date       | test        | value | unit   |
      | 2025-11-16 | haemoglobin | 9     | g/dL   |
      | 2025-11-16 | platelets   | 90    | 10*9/L |
      | 2025-12-26 | haemoglobin | 9     | g/dL   |
      | 2025-12-26 | platelets   | 90    | 10*9/L |
    When the rule is evaluated
    Then <result>

    Examples: counts 15 and 55 days after it, between them, and it begins after them
      | drug             | start      | end        | result                               |
      | cyclophosphamide | 2025-09-01 | 2025-11-01 | it stays silent                      |
      | cyclophosphamide | 2025-11-20 | 2025-12-01 | it stays silent                      |
      | cyclophosphamide | 2025-09-01 | 2026-01-10 | it stays silent                      |
      | cyclophosphamide | 2025-12-26 | 2026-01-10 | it stays silent                      |
      | cyclophosphamide | 2025-12-27 | 2026-01-10 | it recommends with indicator "warning" |

  @unless
  Scenario Outline: Two lines low before and after an autologous transplant on <date>
    Given lenalidomide 25 mg was taken as induction from 2024-01-15 to 2024-07-31
    And an autologous stem cell transplant was done on <date>
    And the laboratory found
      | date       | test        | value | unit   |
      | 2025-11-16 | haemoglobin | 9     | g/dL   |
      | 2025-11-16 | platelets   | 90    | 10*9/L |
      | 2025-12-26 | haemoglobin | 9     | g/dL   |
      | 2025-12-26 | platelets   | 90    | 10*9/L |
    When the rule is evaluated
    Then <result>

    Examples:
      | date       | result                               |
      | 2025-12-26 | it stays silent                      |
      | 2025-12-27 | it recommends with indicator "warning" |

  @unless
  Scenario Outline: <what> and a marrow examination <days> days ago
    Given lenalidomide 25 mg was taken as induction from 2024-01-15 to 2024-07-31
    And a bone marrow examination was done on <date>
    And the laboratory found
      | date       | test        | value | unit   |
      | 2025-12-06 | haemoglobin | <hb>  | g/dL   |
      | 2025-12-06 | platelets   | <plt> | 10*9/L |
      | 2025-12-06 | MCV         | <mcv> | fL     |
      | 2026-01-10 | haemoglobin | <hb>  | g/dL   |
      | 2026-01-10 | platelets   | <plt> | 10*9/L |
      | 2026-01-10 | MCV         | <mcv> | fL     |
    When the rule is evaluated
    Then <result>

    Examples:
      | what            | days | date       | hb | plt | mcv | result                               |
      | Two lines       | 90   | 2025-10-17 | 9  | 80  | 90  | it stays silent                      |
      | Two lines       | 91   | 2025-10-16 | 9  | 80  | 90  | it recommends with indicator "warning" |
      | One line        | 90   | 2025-10-17 | 12 | 80  | 90  | it stays silent                      |
      | A line and cells | 90  | 2025-10-17 | 9  | 200 | 105 | it stays silent                      |
      | Large cells     | 90   | 2025-10-17 | 12 | 200 | 105 | it stays silent                      |

  @unless
  Scenario Outline: <what> and marrow blasts counted <days> days ago
    Given lenalidomide 25 mg was taken as induction from 2024-01-15 to 2024-07-31
    And the laboratory found
      | date       | test          | value | unit   |
      | <date>     | marrow blasts | 2     | %      |
      | 2025-12-06 | haemoglobin   | <hb>  | g/dL   |
      | 2025-12-06 | platelets     | <plt> | 10*9/L |
      | 2025-12-06 | MCV           | <mcv> | fL     |
      | 2026-01-10 | haemoglobin   | <hb>  | g/dL   |
      | 2026-01-10 | platelets     | <plt> | 10*9/L |
      | 2026-01-10 | MCV           | <mcv> | fL     |
    When the rule is evaluated
    Then <result>

    Examples:
      | what            | days | date       | hb | plt | mcv | result                               |
      | Two lines       | 90   | 2025-10-17 | 9  | 80  | 90  | it stays silent                      |
      | Two lines       | 91   | 2025-10-16 | 9  | 80  | 90  | it recommends with indicator "warning" |
      | One line        | 90   | 2025-10-17 | 12 | 80  | 90  | it stays silent                      |
      | A line and cells | 90  | 2025-10-17 | 9  | 200 | 105 | it stays silent                      |
      | Large cells     | 90   | 2025-10-17 | 12 | 200 | 105 | it stays silent                      |

  @unknown
  Scenario: Only the month of the first count is recorded
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test        | value | unit   |
      | 2025-12    | haemoglobin | 9     | g/dL   |
      | 2025-12    | platelets   | 80    | 10*9/L |
      | 2026-01-10 | haemoglobin | 9     | g/dL   |
      | 2026-01-10 | platelets   | 80    | 10*9/L |
    When the rule is evaluated
    Then it is undecided
    And it asks about the blood count

  @unknown
  Scenario: One of the counts is preliminary
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test        | value | unit   | status      |
      | 2025-12-06 | haemoglobin | 9     | g/dL   | final       |
      | 2025-12-06 | platelets   | 80    | 10*9/L | final       |
      | 2026-01-10 | haemoglobin | 9     | g/dL   | preliminary |
      | 2026-01-10 | platelets   | 80    | 10*9/L | final       |
    When the rule is evaluated
    Then it is undecided
    And it asks about the blood count

  @unknown
  Scenario: Platelets below 150 can be low or not
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test        | value | unit   |
      | 2025-12-06 | haemoglobin | 9     | g/dL   |
      | 2025-12-06 | platelets   | <150  | 10*9/L |
      | 2026-01-10 | haemoglobin | 9     | g/dL   |
      | 2026-01-10 | platelets   | 80    | 10*9/L |
    When the rule is evaluated
    Then it is undecided
    And it asks about the blood count

  @unknown
  Scenario: Only the month of the marrow examination is recorded
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And a bone marrow examination was done on 2025-10
    And the laboratory found
      | date       | test        | value | unit   |
      | 2025-12-06 | haemoglobin | 9.6   | g/dL   |
      | 2025-12-06 | platelets   | 88    | 10*9/L |
      | 2026-01-10 | haemoglobin | 9.4   | g/dL   |
      | 2026-01-10 | platelets   | 82    | 10*9/L |
    When the rule is evaluated
    Then it is undecided
    And it asks about the marrow exam

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
    And the patient died on 2026-01-12
    And the laboratory found
      | date       | test        | value | unit   |
      | 2025-12-06 | haemoglobin | 9.6   | g/dL   |
      | 2025-12-06 | platelets   | 88    | 10*9/L |
      | 2026-01-10 | haemoglobin | 9.4   | g/dL   |
      | 2026-01-10 | platelets   | 82    | 10*9/L |
    When the rule is evaluated
    Then it stays silent

  @unknown
  Scenario: Platelets stay low, and it is not known whether lenalidomide was taken
    Given a medication request of lenalidomide from 2024-06-20 to 2025-05-20 has the status "on-hold"
    And the laboratory found
      | date       | test      | value | unit   |
      | 2025-10-01 | platelets | 60    | 10*9/L |
      | 2025-12-20 | platelets | 62    | 10*9/L |
    When the rule is evaluated
    Then it is undecided

  @unless
  Scenario Outline: Two lines low, the first 60 days after <drug>
    Given lenalidomide 25 mg was taken as induction from 2024-01-15 to 2024-07-31
    And <drug> was given from 2025-10-01 to 2025-10-07
    And the laboratory found
      | date       | test        | value | unit   |
      | 2025-12-06 | haemoglobin | 9     | g/dL   |
      | 2025-12-06 | platelets   | 80    | 10*9/L |
      | 2026-01-10 | haemoglobin | 9     | g/dL   |
      | 2026-01-10 | platelets   | 80    | 10*9/L |
    When the rule is evaluated
    Then it stays silent

    Examples:
      | drug                  |
      | bendamustine          |
      | carmustine            |
      | cisplatin             |
      | cyclophosphamide      |
      | cytarabine            |
      | doxorubicin           |
      | etoposide             |
      | intravenous melphalan |
      | melphalan flufenamide |

  @unless
  Scenario Outline: Two lines low, with <drug> between the counts
    Given lenalidomide 25 mg was taken as induction from 2024-01-15 to 2024-07-31
    And <drug> was given from 2025-12-15 to 2025-12-20
    And the laboratory found
      | date       | test        | value | unit   |
      | 2025-12-06 | haemoglobin | 9     | g/dL   |
      | 2025-12-06 | platelets   | 80    | 10*9/L |
      | 2026-01-10 | haemoglobin | 9     | g/dL   |
      | 2026-01-10 | platelets   | 80    | 10*9/L |
    When the rule is evaluated
    Then it stays silent

    Examples:
      | drug                  |
      | bendamustine          |
      | carmustine            |
      | cisplatin             |
      | cyclophosphamide      |
      | cytarabine            |
      | doxorubicin           |
      | etoposide             |
      | intravenous melphalan |
      | melphalan flufenamide |

  @unless
  Scenario: Two lines low, the first on the first day of the month in which chemotherapy ended
    Given lenalidomide 25 mg was taken as induction from 2024-01-15 to 2024-07-31
    And cyclophosphamide was given from 2025-10-20 to 2025-11
    And the laboratory found
      | date       | test        | value | unit   |
      | 2025-11-01 | haemoglobin | 9     | g/dL   |
      | 2025-11-01 | platelets   | 80    | 10*9/L |
      | 2025-12-06 | haemoglobin | 9     | g/dL   |
      | 2025-12-06 | platelets   | 80    | 10*9/L |
    When the rule is evaluated
    Then it stays silent

  @unless
  Scenario Outline: Two lines low before an autologous transplant and <days> days after it
    Given lenalidomide 25 mg was taken as induction from 2024-01-15 to 2024-07-31
    And an autologous stem cell transplant was done on <date>
    And the laboratory found
      | date       | test        | value | unit   |
      | 2025-10-10 | haemoglobin | 9     | g/dL   |
      | 2025-10-10 | platelets   | 80    | 10*9/L |
      | 2025-12-31 | haemoglobin | 9     | g/dL   |
      | 2025-12-31 | platelets   | 80    | 10*9/L |
    When the rule is evaluated
    Then <result>

    Examples:
      | days | date       | result                               |
      | 60   | 2025-11-01 | it stays silent                      |
      | 61   | 2025-10-31 | it recommends with indicator "warning" |

  @unless
  Scenario: A preliminary count of marrow blasts has not answered the question
    Given lenalidomide 25 mg was taken as induction from 2024-01-15 to 2024-07-31
    And the laboratory found
      | date       | test          | value | unit   | status      |
      | 2026-01-12 | marrow blasts | 2     | %      | preliminary |
      | 2025-12-06 | haemoglobin   | 9     | g/dL   | final       |
      | 2025-12-06 | platelets     | 80    | 10*9/L | final       |
      | 2026-01-10 | haemoglobin   | 9     | g/dL   | final       |
      | 2026-01-10 | platelets     | 80    | 10*9/L | final       |
    When the rule is evaluated
    Then it recommends with indicator "warning"

  @near-miss
  Scenario Outline: On lenalidomide twice <one> of <first> <in> and <other> of <second> <of>: one line low at most
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test    | value    | unit |
      | 2025-12-13 | <one>   | <first>  | <in> |
      | 2025-12-13 | <other> | <second> | <of> |
      | 2026-01-10 | <one>   | <first>  | <in> |
      | 2026-01-10 | <other> | <second> | <of> |
    When the rule is evaluated
    Then it stays silent

    Examples: the other is normal, or exactly at its limit
      | one         | first | in     | other       | second | of     |
      | haemoglobin | 12    | g/dL   | neutrophils | 0.8    | 10*9/L |
      | haemoglobin | 10    | g/dL   | neutrophils | 0.8    | 10*9/L |
      | haemoglobin | 12    | g/dL   | platelets   | 80     | 10*9/L |
      | haemoglobin | 9     | g/dL   | neutrophils | 3      | 10*9/L |
      | haemoglobin | 9     | g/dL   | platelets   | 150    | 10*9/L |
      | neutrophils | 3     | 10*9/L | platelets   | 80     | 10*9/L |
      | neutrophils | 1.0   | 10*9/L | platelets   | 80     | 10*9/L |
      | neutrophils | 0.8   | 10*9/L | platelets   | 150    | 10*9/L |
      | neutrophils | 0.8   | 10*9/L | platelets   | 100    | 10*9/L |

    Examples: the other is no line of the blood, and 0 is as it should be
      | one         | first | in     | other       | second | of     |
      | haemoglobin | 9     | g/dL   | blast count | 0      | 10*9/L |
      | neutrophils | 0.8   | 10*9/L | blast count | 0      | 10*9/L |
      | platelets   | 80    | 10*9/L | blast count | 0      | 10*9/L |

    Examples: the cells are of normal size, or exactly at the limit
      | one         | first | in     | other       | second | of     |
      | haemoglobin | 9     | g/dL   | MCV         | 90     | fL     |
      | haemoglobin | 9     | g/dL   | MCV         | 100    | fL     |

  @near-miss
  Scenario Outline: Long after lenalidomide twice <test> of <value> <unit>, which is not low
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 to 2025-10-15
    And the laboratory found
      | date       | test   | value   | unit   |
      | 2025-12-06 | <test> | <value> | <unit> |
      | 2026-01-10 | <test> | <value> | <unit> |
    When the rule is evaluated
    Then it stays silent

    Examples:
      | test        | value | unit   |
      | haemoglobin | 10    | g/dL   |
      | haemoglobin | 12    | g/dL   |
      | neutrophils | 1.0   | 10*9/L |
      | neutrophils | 3     | 10*9/L |
      | platelets   | 100   | 10*9/L |
      | platelets   | 200   | 10*9/L |
      | white cells | 4     | 10*9/L |
      | blast count | 0     | 10*9/L |

  @near-miss
  Scenario Outline: <test> low in the very month in which lenalidomide ended
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 to 2025-12
    And the laboratory found
      | date       | test   | value   | unit   |
      | 2025-11-10 | <test> | <value> | <unit> |
      | 2025-12-15 | <test> | <value> | <unit> |
    When the rule is evaluated
    Then it stays silent

    Examples:
      | test        | value | unit   |
      | haemoglobin | 9     | g/dL   |
      | neutrophils | 0.8   | 10*9/L |
      | platelets   | 80    | 10*9/L |

  @fires
  Scenario Outline: Only platelets low long after lenalidomide, and daratumumab <when>
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 to 2024-10-15
    And daratumumab was given from 2025-11-01 to <end>
    And the laboratory found
      | date       | test      | value | unit   |
      | 2025-12-06 | platelets | 80    | 10*9/L |
      | 2026-01-10 | platelets | 80    | 10*9/L |
    When the rule is evaluated
    Then it recommends with indicator "warning"
    And the card of it says "although lenalidomide ended"

    Examples:
      | when                                | end        |
      | ended little before the last count  | 2025-12-26 |
      | goes on after the last count        | 2026-01-14 |

  @fires
  Scenario Outline: Large red cells with <test> of <value>, which is no low line
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test   | value   | unit   |
      | 2025-12-06 | MCV    | 105     | fL     |
      | 2025-12-06 | <test> | <value> | <unit> |
      | 2026-01-10 | MCV    | 105     | fL     |
      | 2026-01-10 | <test> | <value> | <unit> |
    When the rule is evaluated
    Then it recommends with indicator "info"

    Examples:
      | test        | value | unit   |
      | haemoglobin | 10    | g/dL   |
      | neutrophils | 1.0   | 10*9/L |
      | neutrophils | 3     | 10*9/L |
      | platelets   | 100   | 10*9/L |
      | blast count | 0     | 10*9/L |
      | white cells | 4     | 10*9/L |

  @near-miss
  Scenario: Normal platelets are above the limit of the cell volume, and no large cells
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test      | value | unit   |
      | 2025-12-06 | platelets | 200   | 10*9/L |
      | 2026-01-10 | platelets | 200   | 10*9/L |
    When the rule is evaluated
    Then it stays silent

  @fires
  Scenario Outline: It is seen when an order is <what> too
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And lenalidomide 10 mg is ordered
    And the laboratory found
      | date       | test        | value | unit   |
      | 2025-12-06 | haemoglobin | 9     | g/dL   |
      | 2025-12-06 | platelets   | 80    | 10*9/L |
      | 2026-01-10 | haemoglobin | 9     | g/dL   |
      | 2026-01-10 | platelets   | 80    | 10*9/L |
    When the order is <what>
    Then it recommends with indicator "warning"

    Examples:
      | what     |
      | selected |
      | signed   |

  Scenario: The blood count of the plan is for this finding
    Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
    And the laboratory found
      | date       | test        | value | unit   |
      | 2025-12-06 | haemoglobin | 9     | g/dL   |
      | 2025-12-06 | platelets   | 80    | 10*9/L |
      | 2026-01-10 | haemoglobin | 9     | g/dL   |
      | 2026-01-10 | platelets   | 80    | 10*9/L |
    When the rule is evaluated
    Then the plan names SPM-22 as a reason for blood count

  @unless
  Scenario Outline: Two lines low, and <drug> <when>
    Given lenalidomide 25 mg was taken as induction from 2024-01-15 to 2024-07-31
    And the record tells of these drugs
      | concept | proof          | start   | end   |
      | <drug>  | administration | <start> | <end> |
    And the laboratory found
      | date       | test        | value | unit   |
      | 2025-12-06 | haemoglobin | 9     | g/dL   |
      | 2025-12-06 | platelets   | 80    | 10*9/L |
      | 2026-01-10 | haemoglobin | 9     | g/dL   |
      | 2026-01-10 | platelets   | 80    | 10*9/L |
    When the rule is evaluated
    Then <result>

    Examples:
      | drug         | when                                | start      | end        | result                                 |
      | Busulfan     | ended 60 days before the first      | 2025-10-01 | 2025-10-07 | it stays silent                        |
      | Busulfan     | ended 61 days before the first      | 2025-10-01 | 2025-10-06 | it recommends with indicator "warning" |
      | Busulfan     | between them                        | 2025-12-15 | 2025-12-20 | it stays silent                        |
      | Chlorambucil | ended 60 days before the first      | 2025-10-01 | 2025-10-07 | it stays silent                        |
      | Chlorambucil | ended 61 days before the first      | 2025-10-01 | 2025-10-06 | it recommends with indicator "warning" |
      | Chlorambucil | between them                        | 2025-12-15 | 2025-12-20 | it stays silent                        |

  @fires
  Scenario: Another examination than that of the marrow has not answered the question
    Given lenalidomide 25 mg was taken as induction from 2024-01-15 to 2024-07-31
    And a colonoscopy was done on 2026-01-05
    And the laboratory found
      | date       | test        | value | unit   |
      | 2025-12-06 | haemoglobin | 9     | g/dL   |
      | 2025-12-06 | platelets   | 80    | 10*9/L |
      | 2026-01-10 | haemoglobin | 9     | g/dL   |
      | 2026-01-10 | platelets   | 80    | 10*9/L |
    When the rule is evaluated
    Then it recommends with indicator "warning"
