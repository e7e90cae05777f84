"""What a post says, who says it and how it is meant: trained models, rules over lexicons, and near-duplicate claims."""
