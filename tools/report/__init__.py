"""`make report`: one page of answers, drawn from the marts that models/ builds."""
