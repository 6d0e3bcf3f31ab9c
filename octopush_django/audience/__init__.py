"""Who receives a campaign: given or in lists, judged one by one, frozen and cut into frames."""
