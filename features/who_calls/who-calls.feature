@own-steps
Feature: Who calls is asked
  An EHR signs every call. Whoever cannot show a token of a registered EHR, made for this call and not used before, is told nothing.

  Background:
    Given the EHR "clinic" is registered

  Scenario: A registered EHR gets cards
    When "clinic" calls with a token for this call
    Then it is shown cards

  Scenario Outline: Anything else is refused, always in the same words
    When <who> calls with <what>
    Then it is refused as unknown, and told nothing more

    Examples:
      | who         | what                          |
      | "clinic"    | no token                      |
      | "clinic"    | a token that was used before  |
      | "clinic"    | a token for another address   |
      | "clinic"    | a token that has expired      |
      | "clinic"    | a token that lives for a year |
      | "clinic"    | a token without a name        |
      | "clinic"    | a token that nobody signed    |
      | "elsewhere" | a token for this call         |

  Scenario: A token that says its keys are elsewhere
    When "elsewhere" calls with a token that names its own key server
    Then it is refused as unknown, and told nothing more
    And the other key server was not asked
