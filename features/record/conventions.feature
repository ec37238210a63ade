Feature: Numbers and lists by which a record becomes a history
  What all rules share stands in one file. Each number is held here, or beside a rule, by the two patients next to it.

  Background:
    Given today is 2026-01-15

  Rule: How long a supply lasts, and what counts as one course

    Background:
      Given the patient is a woman aged 62
      And multiple myeloma was diagnosed on 2018-03-01
      And lenalidomide 10 mg was taken as maintenance from 2020-01-01 to 2025-11-01

    Scenario Outline: A supply of unrecorded length, dispensed <days> days ago, is one of 28 days
      Given lenalidomide 10 mg was dispensed as maintenance <days> days ago
      When the chart is opened
      Then SPM-09 <does>

      Examples:
        | days | does                        |
        | 55   | fires with indicator "info" |
        | 56   | stays silent                |

  Rule: Whether lenalidomide is maintenance where the record does not say

    Background:
      Given the patient is a woman aged 62
      And multiple myeloma was diagnosed on 2018-03-01

    Scenario Outline: <dose> mg a day, alone and soon after a transplant
      Given an autologous stem cell transplant was done on 2020-11-10
      And lenalidomide <dose> mg was taken from 2021-02-01 and continues
      When the chart is opened
      Then SPM-09 <does>

      Examples:
        | dose | does                        |
        | 15   | fires with indicator "info" |
        | 16   | is undecided                |

    Scenario Outline: Begun <days> days after a transplant
      Given an autologous stem cell transplant was done on 2020-11-10
      And lenalidomide 10 mg was taken from <begun> and continues
      When the chart is opened
      Then SPM-09 <does>

      Examples:
        | days | begun      | does                        |
        | 29   | 2020-12-09 | is undecided                |
        | 30   | 2020-12-10 | fires with indicator "info" |

    Scenario Outline: Begun <days> days after a transplant that followed a relapse
      Given bortezomib was taken from 2020-05-01 to 2020-07-31
      And myeloma progressed on 2020-08-15
      And an autologous stem cell transplant was done on 2020-11-10
      And lenalidomide 10 mg was taken from <begun> and continues
      When the chart is opened
      Then SPM-09 <does>

      Examples:
        | days | begun      | does                        |
        | 365  | 2021-11-10 | fires with indicator "info" |
        | 366  | 2021-11-11 | stays silent                |

    Scenario Outline: Begun <days> days after the first treatment, without a transplant
      Given bortezomib was taken from 2019-01-01 to 2019-03-31
      And lenalidomide 10 mg was taken from <begun> and continues
      When the chart is opened
      Then SPM-09 <does>

      Examples:
        | days | begun      | does                        |
        | 179  | 2019-06-29 | does not fire               |
        | 180  | 2019-06-30 | fires with indicator "info" |

    Scenario Outline: With <days> days of dexamethasone
      Given an autologous stem cell transplant was done on 2020-11-10
      And lenalidomide 10 mg was taken from 2021-02-01 and continues
      And dexamethasone was taken from 2021-03-01 to <last>
      When the chart is opened
      Then SPM-09 <does>

      Examples:
        | days | last       | does                        |
        | 27   | 2021-03-27 | fires with indicator "info" |
        | 28   | 2021-03-28 | is undecided                |

    Scenario Outline: Together with <drug> it is not taken for maintenance
      Given an autologous stem cell transplant was done on 2020-11-10
      And lenalidomide 10 mg was taken from 2021-02-01 and continues
      And <drug> was taken from 2021-03-01 and continues
      When the chart is opened
      Then SPM-09 is undecided

      Examples:
        | drug             |
        | daratumumab      |
        | cyclophosphamide |

    Scenario Outline: Named maintenance <days> days after it began without a name
      Given lenalidomide 10 mg was taken from 2024-01-01 and continues
      And lenalidomide 10 mg was taken as maintenance from <named> and continues
      When the chart is opened
      Then SPM-09 <does>

      Examples:
        | days | named      | does                        |
        | 28   | 2024-01-29 | fires with indicator "info" |
        | 29   | 2024-01-30 | does not fire               |

  Rule: Whether an order was followed

    Background:
      Given the patient is a woman aged 62
      And multiple myeloma was diagnosed on 2018-03-01

    Scenario Outline: Refused <days> days after it was ordered
      Given lenalidomide 10 mg was prescribed from 2025-06-01 and continues
      And lenalidomide was refused on <day>
      When the chart is opened
      Then SPM-01 <does>

      Examples:
        | days | day        | does         |
        | 60   | 2025-07-31 | stays silent |
        | 61   | 2025-08-01 | is undecided |

  Rule: Which birth dates cannot be

    Scenario Outline: Born <years> years ago
      Given the patient is a woman born <years> years ago
      And multiple myeloma was diagnosed on 2018-03-01
      And lenalidomide 10 mg was taken from 2024-01-01 and continues
      When the chart is opened
      Then SPM-16 <does>

      Examples:
        | years | does                        |
        | 125   | fires with indicator "info" |
        | 126   | is undecided                |

  Rule: What hides where medications were not supplied

    Scenario: Melphalan may be among them
      Given the patient is a woman aged 62
      And multiple myeloma was diagnosed on 2018-03-01
      And lenalidomide 10 mg was taken from 2024-01-01 and continues
      And MedicationAdministration was not searched
      When the chart is opened
      Then SPM-03 is undecided

  Rule: What came first, treatment of myeloma or another cancer

    Background:
      Given the patient is a woman aged 62

    Scenario Outline: <drug> treats myeloma, even where nothing tells when that was found
      Given multiple myeloma is on record without a date
      And <drug> was taken from 2016-01-01 to 2016-06-30
      And breast cancer was diagnosed on 2018-06-10 and is resolved
      And lenalidomide 10 mg was taken from 2022-01-01 and continues
      When the chart is opened
      Then SPM-15 stays silent
      And nothing is asked about the cancer onset

      Examples:
        | drug                  |
        | thalidomide           |
        | bortezomib            |
        | daratumumab           |
        | elotuzumab            |
        | oral melphalan        |
        | melphalan flufenamide |

    Scenario Outline: A cancer after <stage>, before the myeloma
      Given <stage> was diagnosed on 2010-03-01
      And breast cancer was diagnosed on 2012-06-10 and is resolved
      And multiple myeloma was diagnosed on 2018-03-01
      And lenalidomide 10 mg was taken from 2022-01-01 and continues
      When the chart is opened
      Then SPM-15 fires with indicator "warning"

      Examples:
        | stage               |
        | MGUS                |
        | smouldering myeloma |

    Scenario Outline: Two cancers that are both called <cancer> need not be one
      Given multiple myeloma was diagnosed on 2018-03-01
      And the record tells of these diagnoses
        | concept  | onset      | clinical status |
        | <cancer> | 2012-06-10 | resolved        |
        | <cancer> | 2024-06-10 | active          |
      And lenalidomide 10 mg was taken from 2022-01-01 and continues
      When the chart is opened
      Then SPM-15 <first>
      And SPM-17 <second>

      Examples:
        | cancer             | first                          | second                          |
        | Other solid cancer | fires with indicator "warning" | fires with indicator "critical" |
        | Cancer, site not told | is undecided | is undecided |

  Rule: Which checks of the plan come first

    Background:
      Given multiple myeloma was diagnosed on 2018-03-01
      And lenalidomide 10 mg was taken from 2022-01-01 and continues

    Scenario: The most pressing ones
      Given the patient is a woman aged 62
      And a skin examination was done on 2022-01-10
      And the blood count on 2025-12-16 was normal
      And a smoker of an unrecorded amount was recorded on 2025-12-01
      And a mammography was done on 2025-06-10
      And a colonoscopy was done on 2024-06-10
      And the absence of the cervix was recorded on 2012-05-01
      When the chart is opened
      Then the plan starts with skin check, second-cancer review, blood count, lung cancer screening, breast cancer screening, colorectal cancer screening and cervical cancer screening

    Scenario: What each patient decides with her doctor stands between what is not known and what is done
      Given the patient is a woman aged 78
      And a skin examination was done on 2026-01-10
      And a smoker of an unrecorded amount was recorded on 2025-12-01
      When the chart is opened
      Then the plan starts with blood count, second-cancer review, lung cancer screening, colorectal cancer screening and skin check
