Feature: Intervals of the American Cancer Society as an overlay
  The shipped checks follow the USPSTF. A site lays examples/overlays/acs over them: who is due for what changes, the findings stay.

  Background:
    Given today is 2026-01-15
    And multiple myeloma was diagnosed on 2022-03-01
    And lenalidomide 10 mg was taken from 2022-06-01 and continues

  Scenario Outline: Mammography of a woman of <age>, last done on <last>
    Given the patient is a woman aged <age>
    And a mammography was done on <last>
    When the rules are evaluated
    Then the plan lists breast cancer screening as <shipped>

    Examples:
      | age | last       | shipped    |
      | 42  | 2024-11-10 | up to date |
      | 47  | 2024-11-10 | up to date |
      | 56  | 2024-11-10 | up to date |

  Scenario Outline: The same under ACS intervals: <age>, last done on <last>
    Given the overlay "examples/overlays/acs" lies over the rules
    And the patient is a woman aged <age>
    And a mammography was done on <last>
    When the rules are evaluated
    Then the plan lists breast cancer screening as <state>

    Examples:
      | age | last       | state      |
      | 42  | 2024-11-10 | an individual decision |
      | 47  | 2024-11-10 | overdue    |
      | 47  | 2024-12-15 | due        |
      | 47  | 2024-12-14 | overdue    |
      | 47  | 2025-01-16 | up to date |
      | 54  | 2024-11-10 | overdue    |
      | 56  | 2024-11-10 | up to date |
      | 75  | 2022-11-10 | an individual decision |

  Scenario: The card names whose recommendations these are
    Given the overlay "examples/overlays/acs" lies over the rules
    And the patient is a woman aged 47
    And a mammography was done on 2024-11-10
    When the rules are evaluated
    Then SPM-26a fires with indicator "info"
    And the card of SPM-26 says "recommendations of the American Cancer Society"
