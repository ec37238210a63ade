Feature: Whom each check is for, and when it falls away
  The first and the last age, the other sex, other drugs, and hospice care, for each check of the plan.

  Background:
    Given today is 2026-01-15
    And multiple myeloma was diagnosed on 2018-03-01
    And the patient was stated to be eligible for transplant on 2018-03-01

  Rule: Hospice care

    Background:
      Given the patient is a woman aged 55
      And a smoker of 30 pack-years was recorded on 2025-12-01
      And lenalidomide 10 mg was taken from 2025-03-15 and continues

    Scenario Outline: Twelve months after hospice care began, <check> falls away
      Given hospice care began on 2025-01-15
      When the chart is opened
      Then in the plan <check> falls away because "Hospice care on record: no screening"

      Examples:
        | check                       |
        | breast cancer screening     |
        | colorectal cancer screening |
        | cervical cancer screening   |
        | lung cancer screening       |
        | skin check                  |
        | second-cancer review        |

    Scenario Outline: A day later it may be over, and <check> may fall away
      Given hospice care began on 2025-01-14
      When the chart is opened
      Then in the plan <check> may fall away because "perhaps over"

      Examples:
        | check                       |
        | breast cancer screening     |
        | colorectal cancer screening |
        | cervical cancer screening   |
        | lung cancer screening       |
        | skin check                  |
        | second-cancer review        |

    Scenario Outline: Another record of these months is no hospice care: <check>
      Given a bone marrow examination was done on 2025-12-01
      When the chart is opened
      Then the plan lists <check> as none recorded

      Examples:
        | check                       |
        | breast cancer screening     |
        | colorectal cancer screening |
        | cervical cancer screening   |
        | lung cancer screening       |
        | skin check                  |
        | second-cancer review        |

  Rule: Inherited risk, at the first and the last age

    Background:
      Given lenalidomide 10 mg was taken from 2025-03-15 and continues
      And an inherited risk of cancer was recorded on 2012-05-01

    Scenario Outline: Breast, a woman of <age>: an individual plan
      Given the patient is a woman born <born>
      When the chart is opened
      Then the plan lists breast cancer screening as an individual decision

      Examples:
        | age | born       |
        | 40  | 1986-01-15 |
        | 74  | 1951-01-16 |

    Scenario Outline: Breast, a <who>: nothing
      Given the patient is a <who> born <born>
      When the chart is opened
      Then the plan says nothing of breast cancer screening

      Examples:
        | who         | born       |
        | woman       | 1986-01-16 |
        | woman       | 1951-01-15 |
        | man         | 1970-05-05 |

    Scenario Outline: Bowel, at <age>: an individual plan
      Given the patient is a man born <born>
      When the chart is opened
      Then the plan lists colorectal cancer screening as an individual decision
      And the plan says of colorectal cancer screening "Inherited risk on record"

      Examples:
        | age | born       |
        | 45  | 1981-01-15 |
        | 85  | 1940-01-16 |

    Scenario Outline: Bowel, at <age>: nothing
      Given the patient is a man born <born>
      When the chart is opened
      Then the plan says nothing of colorectal cancer screening

      Examples:
        | age | born       |
        | 44  | 1981-01-16 |
        | 86  | 1940-01-15 |

  Rule: Cervical screening

    Background:
      Given lenalidomide 10 mg was taken from 2025-03-15 and continues

    Scenario: After a donor transplant, a woman of 21
      Given the patient is a woman born 2005-01-15
      And a donor stem cell transplant was done on 2022-11-10
      When the chart is opened
      Then the plan lists cervical cancer screening as none recorded
      And the plan says of cervical cancer screening "After a donor transplant"

    Scenario Outline: After a donor transplant, a <who> born <born>: nothing
      Given the patient is a <who> born <born>
      And a donor stem cell transplant was done on 2022-11-10
      When the chart is opened
      Then the plan says nothing of cervical cancer screening

      Examples:
        | who   | born       |
        | woman | 2005-01-16 |
        | man   | 1980-05-05 |

    Scenario: After a donor transplant there is no last age
      Given the patient is a woman aged 70
      And a donor stem cell transplant was done on 2022-11-10
      When the chart is opened
      Then the plan lists cervical cancer screening as none recorded

    Scenario Outline: An HPV test at <age>
      Given the patient is a woman born <born>
      And a HPV test was done on 2025-06-01
      When the chart is opened
      Then the plan lists cervical cancer screening as <state>

      Examples:
        | age | born       | state         |
        | 29  | 1996-01-16 | none recorded |
        | 30  | 1996-01-15 | up to date    |

    Scenario Outline: A man of <age>: nothing
      Given the patient is a man aged <age>
      When the chart is opened
      Then the plan says nothing of cervical cancer screening
      And the plan says nothing of breast cancer screening

      Examples:
        | age |
        | 25  |
        | 45  |

  Rule: Skin

    Scenario: A donor transplant is told as the reason
      Given the patient is a man aged 58
      And lenalidomide 10 mg was taken from 2025-03-15 and continues
      And a donor stem cell transplant was done on 2022-11-10
      When the chart is opened
      Then the plan says of skin check "After a donor transplant"

  Rule: Blood count

    Background:
      Given the patient is a man aged 58

    Scenario Outline: The weeks count from lenalidomide, not from a drug of <weeks> weeks
      Given lenalidomide 10 mg was taken from 2024-03-15 and continues
      And bortezomib was given from <start> and continues
      And the blood count on 2025-12-24 was normal
      When the chart is opened
      Then the plan lists blood count as up to date
      And the plan has blood count next due on 2026-01-21

      Examples:
        | weeks | start      |
        | 3     | 2025-12-25 |
        | 10    | 2025-11-06 |

    Scenario Outline: Lenalidomide of <weeks> weeks ago that has ended, without melphalan
      Given lenalidomide 10 mg was taken from <start> to 2025-12-16
      And the blood count on 2025-12-24 was normal
      When the chart is opened
      Then the plan says nothing of blood count

      Examples:
        | weeks | start      |
        | 7     | 2025-11-25 |
        | 10    | 2025-11-06 |

    Scenario: Lenalidomide has ended without melphalan, and another drug goes on
      Given lenalidomide 10 mg was taken from 2024-03-15 to 2025-06-30
      And bortezomib was given from 2025-12-25 and continues
      And the blood count on 2025-12-24 was normal
      When the chart is opened
      Then the plan says nothing of blood count

    Scenario: Lenalidomide has ended without melphalan, and another drug is ordered
      Given lenalidomide 10 mg was taken from 2024-03-15 to 2025-06-30
      And bortezomib is ordered
      And the blood count on 2025-10-24 was normal
      When the order is signed
      Then the plan says nothing of blood count

    Scenario Outline: Counted <days> days before the first order
      Given lenalidomide 25 mg is ordered
      And the blood count on <day> was normal
      When the order is signed
      Then the plan lists blood count as <state>

      Examples:
        | days | day        | state      |
        | 27   | 2025-12-19 | up to date |
        | 28   | 2025-12-18 | due        |
        | 29   | 2025-12-17 | overdue    |

    Scenario Outline: Counted <days> days ago, in a course that began on <start>
      Given lenalidomide 25 mg was prescribed from <start> and continues
      And the blood count on <day> was normal
      When the chart is opened
      Then the plan lists blood count as <state>

      Examples:
        | start      | days | day        | state      |
        | 2025-11-20 | 13   | 2026-01-02 | up to date |
        | 2025-11-20 | 14   | 2026-01-01 | due        |
        | 2025-10-23 | 27   | 2025-12-19 | up to date |
        | 2025-10-23 | 28   | 2025-12-18 | due        |

  Rule: Yearly review for second cancers

    Scenario Outline: Reviewed on <day>, told by a code of the site's own
      Given the patient is a man aged 58
      And lenalidomide 10 mg was taken from 2025-03-15 and continues
      And the record tells of these procedures
        | concept                          | date  |
        | Yearly review for second cancers | <day> |
      When the chart is opened
      Then the plan lists second-cancer review as <state>

      Examples:
        | day        | state      |
        | 2025-01-16 | up to date |
        | 2025-01-15 | due        |
        | 2025-01-14 | overdue    |
