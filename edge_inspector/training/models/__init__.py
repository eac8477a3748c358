"""Networks, one folder each with a README: paper, our numbers, the command that made them; `registry` names them."""
