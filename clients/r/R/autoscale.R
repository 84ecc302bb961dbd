# Formulas of pools that grow and shrink, by the names that doAzureParallel has for them.

# As many nodes as there are tasks in the queue: what waits and, with `running`, what runs, over the slots of a node.
formula_of_queue <- function(slots, running) {
  variable <- if (running) "$PendingTasks" else "$ActiveTasks"
  sprintf("waiting = max(0, %s.GetSample(1)); wanted = ceil(waiting / %d);", variable, slots)
}

formula_of_hours <- function(is_weekend) {
  if (is_weekend) "now = time(); isBusy = now.weekday == 0 || now.weekday == 6;"
  else "now = time(); isBusy = now.weekday >= 1 && now.weekday <= 5 && now.hour >= 8 && now.hour < 18;"
}

# `dedicated`, `low`: c(least, most).
autoscale_formula <- function(name, dedicated, low, slots = 1L) {
  slots <- as.integer(slots)
  head <- switch(toupper(name), QUEUE = formula_of_queue(slots, FALSE), QUEUE_AND_RUNNING = formula_of_queue(slots, TRUE),
                 WORKDAY = formula_of_hours(FALSE), WEEKEND = formula_of_hours(TRUE),
                 MAX_CPU = "samples = $CPUPercent.GetSample(TimeInterval_Minute * 15); load = len(samples) > 0 ? avg(samples) : 50;")
  if (is.null(head)) {
    if (grepl("$Target", name, fixed = TRUE)) return(name)
    refuse(sprintf("autoscale '%s' is none of QUEUE, QUEUE_AND_RUNNING, WORKDAY, WEEKEND, MAX_CPU and no formula: one sets $TargetDedicatedNodes", name))
  }
  target <- function(variable, current, range) {
    value <- switch(toupper(name), WORKDAY = , WEEKEND = sprintf("isBusy ? %d : %d", range[[2]], range[[1]]),
                    MAX_CPU = sprintf("max(%d, min(%d, max(0, %s.GetSample(1)) + (load > 70 ? 1 : (load < 20 ? -1 : 0))))", range[[1]], range[[2]], current),
                    sprintf("max(%d, min(%d, wanted))", range[[1]], range[[2]]))
    sprintf("%s = %s;", variable, value)
  }
  paste(head, target("$TargetDedicatedNodes", "$CurrentDedicatedNodes", as.integer(dedicated)),
        target("$TargetLowPriorityNodes", "$CurrentLowPriorityNodes", as.integer(low)), "$NodeDeallocationOption = taskcompletion;")
}
