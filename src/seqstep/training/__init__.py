"""Training: generators that yield one result an epoch and know no tracker."""
