"""Training: generators that yield one result an epoch, can go on elsewhere, and know no tracker."""
