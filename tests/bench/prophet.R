# prophet.R - R prophet on M4 hourly: the other side of prophet.sh.
#
#   Rscript prophet.R TRAIN.csv SERIES BACK
#
# Defaults (MAP fit, 25 change points, daily and weekly seasons found from the time stamps), but no
# uncertainty samples: they take most of the time of a default predict() and do not move the point
# forecast, so leaving them out is to prophet's advantage. One thread, CPU time of prophet() and
# predict() only. Prints one line: series, sMAPE, MASE, ms a series.
suppressMessages(suppressWarnings(library(prophet)))
argument <- commandArgs(TRUE)
set <- read.csv(argument[1], row.names = 1)
count <- as.integer(argument[2])
back <- as.integer(argument[3])
horizon <- 48
if (count <= 0 || count > nrow(set)) count <- nrow(set)
smape <- mase <- ms <- c()
for (i in floor((0:(count - 1)) * nrow(set) / count) + 1) {
    y <- as.numeric(set[i, ])
    y <- y[!is.na(y)]
    n <- length(y) - horizon - back
    if (n <= 0) next
    time <- as.POSIXct("2015-01-01", tz = "GMT") + 3600 * (0:(n + horizon - 1))
    known <- data.frame(ds = time[1:n], y = y[1:n])
    wanted <- data.frame(ds = time[n + 1:horizon])
    truth <- y[n + 1:horizon]
    began <- proc.time()
    model <- suppressMessages(prophet(known, uncertainty.samples = 0))
    said <- predict(model, wanted)$yhat
    took <- proc.time() - began
    ms <- c(ms, 1000 * (took[["user.self"]] + took[["sys.self"]]))
    smape <- c(smape, mean(200 * abs(said - truth) / (abs(said) + abs(truth))))
    mase <- c(mase, mean(abs(said - truth)) / mean(abs(diff(known$y, 24))))
}
cat(sprintf("%d %.4f %.4f %.4f\n", length(ms), mean(smape), mean(mase), mean(ms)))
