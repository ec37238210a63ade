@rule:SPM-26
Feature: Age-based cancer screening
  The general recommendations for age and risk, looked at because lenalidomide adds to the risk of solid tumours.

  Background:
    Given today is 2026-01-15
    And multiple myeloma was diagnosed on 2018-03-01
    And the patient was stated to be eligible for transplant on 2018-03-01
    And lenalidomide 10 mg was taken from 2025-03-15 and continues
    And the blood count on 2026-01-05 was normal

  Rule: Breast

    @fires
    Scenario: No mammogram at 47
      Given the patient is a woman aged 47
      And the patient never smoked
      When the rule is evaluated
      Then part a recommends with indicator "info"
      And the card of part a says "none recorded for breast cancer"
      And the plan lists breast cancer screening as none recorded
      And the plan names SPM-26a as a reason for breast cancer screening

    @fires @near-miss
    Scenario: Two years, three months and a day
      Given the patient is a woman aged 55
      And a mammography was done on 2023-10-14
      When the rule is evaluated
      Then part a recommends with indicator "info"
      And the plan lists breast cancer screening as overdue since 2025-10-14
      And the plan has breast cancer screening overdue by 93 days
      And the plan has breast cancer screening last done on 2023-10-14

    @near-miss
    Scenario Outline: Breast screening not overdue: <case>
      Given the patient is a woman aged 55
      And a <test> was done on <day>
      When the rule is evaluated
      Then part a stays silent
      And the plan lists breast cancer screening as <state>

      Examples:
        | case                         | test                   | day        | state      |
        | Two years and three months   | mammography            | 2023-10-15 | due        |
        | Two years                    | mammography            | 2024-01-15 | due        |
        | Two years less a day         | mammography            | 2024-01-16 | up to date |
        | A diagnostic one counts      | diagnostic mammography | 2025-01-16 | up to date |

    @near-miss
    Scenario Outline: No breast screening of a woman born <born>, who is <age>
      Given the patient is a woman born <born>
      When the rule is evaluated
      Then part a stays silent
      And the plan says nothing of breast cancer screening

      Examples:
        | born       | age |
        | 1986-01-16 | 39  |
        | 1951-01-15 | 75  |

    @fires
    Scenario Outline: Breast screening of a woman born <born>, who is <age>
      Given the patient is a woman born <born>
      When the rule is evaluated
      Then part a recommends with indicator "info"

      Examples:
        | born       | age |
        | 1986-01-15 | 40  |
        | 1951-01-16 | 74  |

    @near-miss
    Scenario: Men
      Given the patient is a man aged 55
      When the rule is evaluated
      Then part a stays silent
      And part c stays silent
      And the plan says nothing of breast cancer screening

    @near-miss
    Scenario Outline: Breast screening falls away after <what>
      Given the patient is a woman aged 55
      And <what>
      When the rule is evaluated
      Then part a stays silent
      And in the plan breast cancer screening falls away because "<why>"

      Examples:
        | what                                                | why           |
        | a bilateral mastectomy was done on 2015-05-05       | Both breasts  |
        | the absence of both breasts was recorded on 2015-05 | Both breasts  |
        | a history of breast cancer was recorded on 2012-05  | Breast cancer |
        | breast cancer was diagnosed on 2025-06-10           | Breast cancer |
        | breast carcinoma in situ was diagnosed on 2012-06   | Breast cancer |

    @near-miss
    Scenario: An inherited risk calls for an individual plan, and the plan says so
      Given the patient is a woman aged 55
      And an inherited risk of cancer was recorded on 2012-05-01
      When the rule is evaluated
      Then part a stays silent
      And part b stays silent
      And the plan lists breast cancer screening as an individual decision
      And the plan says of breast cancer screening "Inherited risk on record: individual plan, at least as close as for average risk"
      And the plan offers nothing for breast cancer screening
      And the plan says of colorectal cancer screening "at least as close as for average risk"

    @near-miss
    Scenario: An inherited risk of breast cancer leaves the other checks as they are
      Given the patient is a woman aged 55
      And an inherited risk of breast cancer was recorded on 2012-05-01
      When the rule is evaluated
      Then part a stays silent
      And the plan lists breast cancer screening as an individual decision
      And part b recommends with indicator "info"
      And part c recommends with indicator "info"
      And the plan lists colorectal cancer screening as none recorded
      And the plan lists cervical cancer screening as none recorded

    @near-miss
    Scenario: Each breast was removed
      Given the patient is a woman aged 55
      And the absence of the right breast was recorded on 2012-05-01
      And the absence of the left breast was recorded on 2015-05-01
      When the rule is evaluated
      Then part a stays silent
      And in the plan breast cancer screening falls away because "one after the other"

    @fires
    Scenario Outline: Only <what> was removed
      Given the patient is a woman aged 55
      And the absence of <what> was recorded on 2012-05-01
      And the absence of <what> was recorded on 2015-05-01
      When the rule is evaluated
      Then part a recommends with indicator "info"

      Examples:
        | what             |
        | the right breast |
        | the left breast  |

    @unknown
    Scenario: What is known in words only may be the reason and does not silence it
      Given the patient is a woman aged 55
      And a condition in words only says "Carcinoma of the breast" on 2012-06-10
      When the rule is evaluated
      Then part a is undecided
      And in the plan breast cancer screening may fall away because "Breast cancer"

  Rule: Colorectal

    @fires @near-miss
    Scenario Outline: <test> on <day>, one day too long ago
      Given the patient is a man aged 58
      And a <test> was done on <day>
      When the rule is evaluated
      Then part b recommends with indicator "info"
      And the plan lists colorectal cancer screening as overdue since 2026-01-14

      Examples:
        | test                    | day        |
        | colonoscopy             | 2016-01-14 |
        | sigmoidoscopy           | 2021-01-14 |
        | CT colonography         | 2021-01-14 |
        | stool DNA test with FIT | 2023-01-14 |
        | FIT                     | 2025-01-14 |
        | guaiac stool test       | 2025-01-14 |

    @near-miss
    Scenario Outline: <test> on <day> makes the next due today, not overdue
      Given the patient is a man aged 58
      And a <test> was done on <day>
      When the rule is evaluated
      Then part b stays silent
      And the plan lists colorectal cancer screening as due since 2026-01-15

      Examples:
        | test                    | day        |
        | colonoscopy             | 2016-01-15 |
        | sigmoidoscopy           | 2021-01-15 |
        | CT colonography         | 2021-01-15 |
        | stool DNA test with FIT | 2023-01-15 |
        | FIT                     | 2025-01-15 |
        | guaiac stool test       | 2025-01-15 |

    @near-miss
    Scenario: Of several tests the one that lasts longest counts
      Given the patient is a man aged 58
      And a colonoscopy was done on 2018-05-05
      And a FIT was done on 2023-05-05
      When the rule is evaluated
      Then part b stays silent
      And the plan has colorectal cancer screening next due on 2028-05-05
      And the plan has colorectal cancer screening last done on 2018-05-05

    @fires
    Scenario Outline: A man born <born> is <age>
      Given the patient is a man born <born>
      When the rule is evaluated
      Then part b recommends with indicator "info"

      Examples:
        | born       | age |
        | 1981-01-15 | 45  |
        | 1950-01-16 | 75  |

    @near-miss
    Scenario: 44 years
      Given the patient is a man born 1981-01-16
      When the rule is evaluated
      Then part b stays silent
      And the plan says nothing of colorectal cancer screening

    @near-miss
    Scenario Outline: A man born <born> is <age>: an individual decision
      Given the patient is a man born <born>
      When the rule is evaluated
      Then part b stays silent
      And the plan lists colorectal cancer screening as an individual decision

      Examples:
        | born       | age |
        | 1950-01-15 | 76  |
        | 1940-01-16 | 85  |

    @near-miss
    Scenario: 86 years
      Given the patient is a man born 1940-01-15
      When the rule is evaluated
      Then the plan says nothing of colorectal cancer screening

    @near-miss
    Scenario Outline: Colorectal screening falls away after <what>
      Given the patient is a man aged 58
      And <what>
      When the rule is evaluated
      Then part b stays silent
      And in the plan colorectal cancer screening falls away because "<why>"

      Examples:
        | what                                       | why               |
        | a total colectomy was done on 2015-05-05   | colon was removed |
        | colon cancer was diagnosed on 2012-06-10   | Colorectal cancer |
        | a history of colon cancer was recorded on 2012-05-01  | Colorectal cancer |
        | a history of rectal cancer was recorded on 2012-05-01 | Colorectal cancer |

    @unknown
    Scenario: A history that may be of colorectal cancer
      Given the patient is a man aged 58
      And a history of cancer of the digestive tract was recorded on 2012-05-01
      When the rule is evaluated
      Then part b is undecided
      And in the plan colorectal cancer screening may fall away because "may be colorectal"

  Rule: Cervical

    @fires @near-miss
    Scenario Outline: Cervical screening overdue: <case>
      Given the patient is a woman aged <age>
      And a mammography was done on 2025-06-01
      And a <test> was done on <day>
      When the rule is evaluated
      Then part c recommends with indicator "info"

      Examples:
        | case                            | age | test           | day        |
        | Smear at 25, a day over         | 25  | cervical smear | 2023-01-14 |
        | Smear at 45, a day over         | 45  | cervical smear | 2023-01-14 |
        | HPV at 45, a day over           | 45  | HPV test       | 2021-01-14 |
        | HPV under 30 does not count     | 25  | HPV test       | 2025-01-14 |

    @near-miss
    Scenario Outline: Cervical screening due: <case>
      Given the patient is a woman aged <age>
      And a <test> was done on <day>
      When the rule is evaluated
      Then part c stays silent
      And the plan lists cervical cancer screening as due since 2026-01-15

      Examples:
        | case                  | age | test           | day        |
        | Smear at 25 due today | 25  | cervical smear | 2023-01-15 |
        | Smear at 45 due today | 45  | cervical smear | 2023-01-15 |
        | HPV at 45 due today   | 45  | HPV test       | 2021-01-15 |

    @near-miss
    Scenario: Smear and HPV test together last five years
      Given the patient is a woman aged 45
      And a cervical smear was done on 2021-03-01
      And a HPV test was done on 2021-03-01
      When the rule is evaluated
      Then part c stays silent
      And the plan has cervical cancer screening next due on 2026-03-01

    @fires
    Scenario Outline: Cervical screening of a woman born <born>, who is <age>
      Given the patient is a woman born <born>
      When the rule is evaluated
      Then part c recommends with indicator "info"

      Examples:
        | born       | age |
        | 2005-01-15 | 21  |
        | 1960-01-16 | 65  |

    @near-miss
    Scenario Outline: No cervical screening of a woman born <born>, who is <age>
      Given the patient is a woman born <born>
      When the rule is evaluated
      Then part c stays silent
      And the plan says nothing of cervical cancer screening

      Examples:
        | born       | age |
        | 2005-01-16 | 20  |
        | 1960-01-15 | 66  |

    @fires
    Scenario: Yearly after a donor transplant
      Given the patient is a woman aged 45
      And a donor stem cell transplant was done on 2022-11-10
      And a cervical smear was done on 2025-01-14
      When the rule is evaluated
      Then part c recommends with indicator "info"

    @near-miss
    Scenario: A year after a donor transplant's smear it is due, not overdue
      Given the patient is a woman aged 45
      And a donor stem cell transplant was done on 2022-11-10
      And a cervical smear was done on 2025-01-15
      When the rule is evaluated
      Then part c stays silent

    @unknown
    Scenario: A transplant of unknown kind leaves the interval open
      Given the patient is a woman aged 45
      And a stem cell transplant of unknown kind was done on 2022-11-10
      And a cervical smear was done on 2024-06-01
      When the rule is evaluated
      Then part c is undecided
      And the plan lists cervical cancer screening as not known

    @near-miss
    Scenario Outline: Cervical screening falls away after <what>
      Given the patient is a woman aged 45
      And <what>
      When the rule is evaluated
      Then part c stays silent
      And in the plan cervical cancer screening falls away because "<why>"

      Examples:
        | what                                              | why              |
        | the absence of the cervix was recorded on 2015-05 | cervix is absent |
        | cervical cancer was diagnosed on 2012-06-10       | Cervical cancer  |
        | a history of cervical cancer was recorded on 2012-05-01 | Cervical cancer |

    @fires
    Scenario Outline: Only what the schedule accepts is offered: <case>
      Given the patient is a woman aged <age>
      And <record>
      When the rule is evaluated
      Then part c recommends with indicator "info"
      And the plan offers <offer> for cervical cancer screening

      Examples:
        | case                   | age | record                                              | offer                         |
        | under 30               | 27  | a cervical smear was done on 2020-01-14             | "Cervical smear"              |
        | from 30 on             | 45  | a cervical smear was done on 2020-01-14             | "Cervical smear" or "HPV test" |
        | after donor transplant | 45  | a donor stem cell transplant was done on 2022-11-10 | "Cervical smear"              |

    @unknown
    Scenario: A history that may be of cervical cancer
      Given the patient is a woman aged 45
      And a history of cancer of the genital organs was recorded on 2012-05-01
      When the rule is evaluated
      Then part c is undecided

  Rule: Lung

    @fires
    Scenario: A former smoker without a scan
      Given the patient is a man aged 68
      And the patient smoked 30 pack-years until 2015-03-10
      When the rule is evaluated
      Then part d recommends with indicator "info"
      And the plan names SPM-26d as a reason for lung cancer screening

    @fires @near-miss
    Scenario Outline: Lung screening: <case>
      Given the patient is a man born <born>
      And the patient smoked <amount> pack-years until <quit>
      When the rule is evaluated
      Then part d recommends with indicator "info"

      Examples:
        | case                    | born       | amount | quit       |
        | 50 years                | 1976-01-15 | 30     | 2015-03-10 |
        | 80 years                | 1945-01-16 | 30     | 2015-03-10 |
        | 20 pack-years           | 1960-05-05 | 20     | 2015-03-10 |
        | Stopped 15 years ago    | 1960-05-05 | 30     | 2011-01-15 |

    @near-miss
    Scenario Outline: No lung screening: <case>
      Given the patient is a man born <born>
      And the patient smoked <amount> pack-years until <quit>
      When the rule is evaluated
      Then part d stays silent
      And the plan says nothing of lung cancer screening

      Examples:
        | case                              | born       | amount | quit       |
        | 49 years                          | 1976-01-16 | 30     | 2015-03-10 |
        | 81 years                          | 1945-01-15 | 30     | 2015-03-10 |
        | 19.9 pack-years                   | 1960-05-05 | 19.9   | 2015-03-10 |
        | Stopped 15 years and a day ago    | 1960-05-05 | 30     | 2011-01-14 |

    @fires @near-miss
    Scenario: The scan a year, a month and a day ago
      Given the patient is a man aged 60
      And a smoker of 30 pack-years was recorded on 2025-12-01
      And a low-dose chest CT was done on 2024-12-14
      When the rule is evaluated
      Then part d recommends with indicator "info"
      And the plan lists lung cancer screening as overdue since 2025-12-14

    @near-miss
    Scenario: The scan a year and a month ago
      Given the patient is a man aged 60
      And a smoker of 30 pack-years was recorded on 2025-12-01
      And a low-dose chest CT was done on 2024-12-15
      When the rule is evaluated
      Then part d stays silent
      And the plan lists lung cancer screening as due since 2025-12-15

    @near-miss
    Scenario: Never smoked
      Given the patient is a man aged 60
      And the patient never smoked
      When the rule is evaluated
      Then part d stays silent
      And the plan says nothing of lung cancer screening

    @near-miss
    Scenario Outline: Lung cancer on record: <what>
      Given the patient is a man aged 60
      And a smoker of 30 pack-years was recorded on 2025-12-01
      And <what>
      When the rule is evaluated
      Then part d stays silent
      And in the plan lung cancer screening falls away because "Lung cancer"

      Examples:
        | what                                                |
        | lung cancer was diagnosed on 2016-06-10             |
        | a history of lung cancer was recorded on 2016-06-10 |

    @unknown
    Scenario Outline: Lung screening not known: <case>
      Given the patient is a man aged 60
      And <smoking>
      When the rule is evaluated
      Then part d is undecided
      And the plan lists lung cancer screening as not known

      Examples:
        | case                                 | smoking                                                       |
        | Smoking without an amount            | a smoker of an unrecorded amount was recorded on 2025-12-01   |
        | Stopped at an unknown time           | a former smoker of 30 pack-years was recorded on 2020-12-01   |
        | Stopped in a year on the limit       | the patient smoked 30 pack-years until 2011                   |

    @near-miss
    Scenario: Stopped at an unknown time, but long ago for certain
      Given the patient is a man aged 60
      And a former smoker of 30 pack-years was recorded on 2010-12-01
      When the rule is evaluated
      Then part d stays silent

    @unknown
    Scenario: Nothing is recorded of smoking
      Given the patient is a man aged 60
      When the rule is evaluated
      Then part d is undecided
      And the plan lists lung cancer screening as not known

  Rule: Hospice care

    @near-miss
    Scenario Outline: Hospice care from <day> on
      Given the patient is a woman aged 55
      And hospice care began on <day>
      When the rule is evaluated
      Then it stays silent
      And in the plan breast cancer screening falls away because "Hospice care"
      And in the plan colorectal cancer screening falls away because "Hospice care"
      And in the plan cervical cancer screening falls away because "Hospice care"
      And in the plan skin check falls away because "Hospice care"
      And in the plan second-cancer review falls away because "Hospice care"
      And the plan lists blood count as up to date

      Examples:
        | day        |
        | 2026-01-10 |
        | 2025-01-15 |

    @near-miss
    Scenario: Lung cancer screening too
      Given the patient is a man aged 60
      And a smoker of 30 pack-years was recorded on 2025-12-01
      And hospice care began on 2026-01-10
      When the rule is evaluated
      Then it stays silent
      And in the plan lung cancer screening falls away because "Hospice care"

    @unknown
    Scenario: Hospice care more than a year ago may be over
      Given the patient is a woman aged 55
      And hospice care began on 2025-01-14
      When the rule is evaluated
      Then part a is undecided
      And in the plan breast cancer screening may fall away because "perhaps over"

    @unknown
    Scenario Outline: Hospice care in words only: <words>
      Given the patient is a woman aged 55
      And a condition in words only says "<words>" on 2026-01-10
      When the rule is evaluated
      Then part a is undecided
      And in the plan breast cancer screening may fall away because "Hospice care"

      Examples:
        | words                 |
        | Hospice care          |
        | Patient is in hospice |

    @fires
    Scenario: Palliative care is no hospice care
      Given the patient is a woman aged 55
      And a condition in words only says "Encounter for palliative care" on 2026-01-10
      When the rule is evaluated
      Then part a recommends with indicator "info"

  Rule: Silent or not known

    @unless
    Scenario: Deceased
      Given the patient is a woman aged 47
      And the patient died on 2026-01-10
      When the rule is evaluated
      Then it stays silent
      And there is no plan

    @unknown
    Scenario: Sex is not recorded
      Given the patient is a person aged 55
      When the rule is evaluated
      Then part a does not fire
      And part c does not fire
      And the plan lists breast cancer screening as not known
      And the plan lists cervical cancer screening as not known

    @unknown
    Scenario: The recorded sex is neither female nor male
      Given the patient is a person aged 55
      And the recorded sex is neither female nor male
      When the rule is evaluated
      Then part a does not fire
      And part c does not fire
      And the plan lists breast cancer screening as not known
      And the plan lists cervical cancer screening as not known

    @unknown
    Scenario: Age is not recorded
      Given the patient is a woman of unrecorded age
      When the rule is evaluated
      Then it does not fire
      And the plan lists breast cancer screening as not known

    @unknown
    Scenario: Procedures were not supplied
      Given the patient is a woman aged 55
      And Procedure was not searched
      When the rule is evaluated
      Then it does not fire
      And the plan lists breast cancer screening as not known

    @near-miss
    Scenario: Prostate screening is never suggested
      Given the patient is a man aged 60
      And the patient never smoked
      When the rule is evaluated
      Then part b recommends with indicator "info"
      And the plan starts with colorectal cancer screening, second-cancer review and skin check

  Rule: Orders

    @fires
    Scenario Outline: <part> is told when an order is <what> too
      Given the patient is a woman aged 55
      And a smoker of 30 pack-years was recorded on 2025-12-01
      And lenalidomide 10 mg is ordered
      When the order is <what>
      Then <part> recommends with indicator "info"

      Examples:
        | part   | what     |
        | part a | selected |
        | part b | selected |
        | part c | selected |
        | part d | selected |
        | part a | signed   |
        | part b | signed   |
        | part c | signed   |
        | part d | signed   |

    Scenario Outline: <part> alone is the reason for <check>
      Given the patient is a woman aged 55
      And a smoker of 30 pack-years was recorded on 2025-12-01
      When the rule is evaluated
      Then the plan names <part> as a reason for <check>

      Examples:
        | part    | check                       |
        | SPM-26a | breast cancer screening     |
        | SPM-26b | colorectal cancer screening |
        | SPM-26c | cervical cancer screening   |
        | SPM-26d | lung cancer screening       |

  Rule: One check says nothing of another

    @near-miss
    Scenario Outline: <part> stays silent while all others are overdue
      Given the patient is a woman aged 55
      And a smoker of 30 pack-years was recorded on 2025-12-01
      And a mammography was done on <mammography>
      And a FIT was done on <stool test>
      And a cervical smear was done on <smear>
      And a low-dose chest CT was done on <scan>
      When the rule is evaluated
      Then <part> stays silent
      And <others> recommends with indicator "info"
      And the card of <others> says "appears overdue"

      Examples:
        | part   | others | mammography | stool test | smear      | scan       |
        | part a | part b | 2025-12-01  | 2020-12-01 | 2015-12-01 | 2020-12-01 |
        | part b | part c | 2020-12-01  | 2025-12-01 | 2015-12-01 | 2020-12-01 |
        | part c | part d | 2020-12-01  | 2020-12-01 | 2025-12-01 | 2020-12-01 |
        | part d | part a | 2020-12-01  | 2020-12-01 | 2015-12-01 | 2025-12-01 |

    @near-miss
    Scenario Outline: <part> stays silent while of all others none is recorded
      Given the patient is a woman aged 55
      And a smoker of 30 pack-years was recorded on 2025-12-01
      And a <test> was done on 2025-12-01
      When the rule is evaluated
      Then <part> stays silent
      And <others> recommends with indicator "info"
      And the card of <others> says "none recorded for"

      Examples:
        | part   | others | test              |
        | part a | part b | mammography       |
        | part b | part c | FIT               |
        | part c | part d | cervical smear    |
        | part d | part a | low-dose chest CT |

    @fires
    Scenario Outline: <part>, none recorded
      Given the patient is a woman aged 55
      And a smoker of 30 pack-years was recorded on 2025-12-01
      When the rule is evaluated
      Then <part> recommends with indicator "info"
      And the card of <part> says "none recorded for <check> cancer"

      Examples:
        | part   | check      |
        | part a | breast     |
        | part b | colorectal |
        | part c | cervical   |
        | part d | lung       |
