/*
 * journal_shape.c - the rows, in the order of core/cluster/event.h.
 */
#include "experiments/journal_shape.h"

#define AT(type, field) offsetof(struct fore_event_##type, field)
#define FIELDS(name)    name, FORE_COUNTOF(name)

static const struct lab_field keyframe[] = {
    {"epoch",      LAB_FIELD_U64, AT(keyframe, epoch)          },
    {"nodes",      LAB_FIELD_U32, AT(keyframe, node_count)     },
    {"tables",     LAB_FIELD_U32, AT(keyframe, table_count)    },
    {"partitions", LAB_FIELD_U32, AT(keyframe, partition_count)},
};
static const struct lab_field node[] = {
    {"name",    LAB_FIELD_NAME24, AT(node, name)   },
    {"cores",   LAB_FIELD_F64,    AT(node, cores)  },
    {"zone",    LAB_FIELD_U16,    AT(node, zone)   },
    {"rack",    LAB_FIELD_U16,    AT(node, rack)   },
    {"up",      LAB_FIELD_BOOL,   AT(node, up)     },
    {"standby", LAB_FIELD_BOOL,   AT(node, standby)},
};
static const struct lab_field table[] = {
    {"name",  LAB_FIELD_NAME24, AT(table, name) },
    {"first", LAB_FIELD_U64,    AT(table, first)},
    {"last",  LAB_FIELD_U64,    AT(table, last) },
};
static const struct lab_field partition[] = {
    {"first",        LAB_FIELD_U64,      AT(partition, first)       },
    {"last",         LAB_FIELD_U64,      AT(partition, last)        },
    {"bytes",        LAB_FIELD_U64,      AT(partition, bytes)       },
    {"generation",   LAB_FIELD_U32,      AT(partition, generation)  },
    {"table",        LAB_FIELD_U16,      AT(partition, table)       },
    {"column_group", LAB_FIELD_U16,      AT(partition, column_group)},
    {"replicas",     LAB_FIELD_REPLICAS, AT(partition, replica)     },
};
static const struct lab_field apart[] = {
    {"partition", LAB_FIELD_PARTITION, AT(apart, partition)},
    {"columns",   LAB_FIELD_U64,       AT(apart, columns)  },
};
static const struct lab_field cluster_load[] = {
    {"window_s",      LAB_FIELD_NS,  AT(cluster_load, window_ns)    },
    {"requests",      LAB_FIELD_U64, AT(cluster_load, requests)     },
    {"slow",          LAB_FIELD_U64, AT(cluster_load, slow)         },
    {"p50_ns",        LAB_FIELD_U64, AT(cluster_load, p50_ns)       },
    {"p99_ns",        LAB_FIELD_U64, AT(cluster_load, p99_ns)       },
    {"p999_ns",       LAB_FIELD_U64, AT(cluster_load, p999_ns)      },
    {"slo_ns",        LAB_FIELD_U64, AT(cluster_load, slo_ns)       },
    {"violation_s",   LAB_FIELD_F32, AT(cluster_load, violation_s)  },
    {"imbalance",     LAB_FIELD_F32, AT(cluster_load, imbalance)    },
    {"moves_running", LAB_FIELD_U32, AT(cluster_load, moves_running)},
};
static const struct lab_field node_load[] = {
    {"utilization",        LAB_FIELD_F32, AT(node_load, utilization)       },
    {"move_utilization",   LAB_FIELD_F32, AT(node_load, move_utilization)  },
    {"requests_per_sec",   LAB_FIELD_F32, AT(node_load, requests_per_sec)  },
    {"p50_ms",             LAB_FIELD_F32, AT(node_load, p50_ms)            },
    {"p99_ms",             LAB_FIELD_F32, AT(node_load, p99_ms)            },
    {"slow_share",         LAB_FIELD_F32, AT(node_load, slow_share)        },
    {"backlog_ms",         LAB_FIELD_F32, AT(node_load, backlog_ms)        },
    {"forecast_peak",      LAB_FIELD_F32, AT(node_load, forecast_peak)     },
    {"forecast_peak_low",  LAB_FIELD_F32, AT(node_load, forecast_peak_low) },
    {"forecast_peak_high", LAB_FIELD_F32, AT(node_load, forecast_peak_high)},
};
static const struct lab_field partition_load[] = {
    {"partition",      LAB_FIELD_PARTITION, AT(partition_load, partition)     },
    {"reads_per_sec",  LAB_FIELD_F32,       AT(partition_load, reads_per_sec) },
    {"writes_per_sec", LAB_FIELD_F32,       AT(partition_load, writes_per_sec)},
    {"bytes_per_sec",  LAB_FIELD_F32,       AT(partition_load, bytes_per_sec) },
    {"load_cores",     LAB_FIELD_F32,       AT(partition_load, load_cores)    },
    {"p99_ms",         LAB_FIELD_F32,       AT(partition_load, p99_ms)        },
};
static const struct lab_field hot_key[] = {
    {"rank",        LAB_FIELD_U32,       AT(hot_key, rank)       },
    {"position",    LAB_FIELD_U64,       AT(hot_key, position)   },
    {"partition",   LAB_FIELD_PARTITION, AT(hot_key, partition)  },
    {"share",       LAB_FIELD_F32,       AT(hot_key, share)      },
    {"share_error", LAB_FIELD_F32,       AT(hot_key, share_error)},
};
static const struct lab_field forecast[] = {
    {"partition", LAB_FIELD_PARTITION, AT(forecast, partition)},
    {"steps",     LAB_FIELD_U32,       AT(forecast, steps)    },
    {"step_s",    LAB_FIELD_NS,        AT(forecast, step_ns)  },
    {"model",     LAB_FIELD_NAME16,    AT(forecast, model)    },
};
static const struct lab_field number[] = {
    {NULL, LAB_FIELD_F32, 0}
};
static const struct lab_field score[] = {
    {"partition",      LAB_FIELD_PARTITION, AT(score, partition)     },
    {"rrs",            LAB_FIELD_F32,       AT(score, rrs)           },
    {"probability",    LAB_FIELD_F32,       AT(score, probability)   },
    {"responsibility", LAB_FIELD_F32,       AT(score, responsibility)},
    {"threshold",      LAB_FIELD_F32,       AT(score, threshold)     },
    {"node",           LAB_FIELD_U32,       AT(score, node)          },
};
static const struct lab_field plan[] = {
    {"plan",               LAB_FIELD_U64,  AT(plan, plan)            },
    {"epoch",              LAB_FIELD_U64,  AT(plan, epoch)           },
    {"violation_before_s", LAB_FIELD_F32,  AT(plan, violation_before)},
    {"violation_after_s",  LAB_FIELD_F32,  AT(plan, violation_after) },
    {"bytes",              LAB_FIELD_F32,  AT(plan, bytes)           },
    {"move_count",         LAB_FIELD_U16,  AT(plan, move_count)      },
    {"admitted",           LAB_FIELD_BOOL, AT(plan, admitted)        },
};
static const struct lab_field plan_move[] = {
    {"kind",      LAB_FIELD_MOVE_KIND, AT(plan_move, kind)     },
    {"partition", LAB_FIELD_PARTITION, AT(plan_move, partition)},
    {"other",     LAB_FIELD_PARTITION, AT(plan_move, other)    },
    {"source",    LAB_FIELD_NODE,      AT(plan_move, source)   },
    {"target",    LAB_FIELD_NODE,      AT(plan_move, target)   },
    {"gain_s",    LAB_FIELD_F32,       AT(plan_move, gain)     },
    {"bytes",     LAB_FIELD_F32,       AT(plan_move, bytes)    },
    {"after",     LAB_FIELD_U8,        AT(plan_move, after)    },
    {"on_new",    LAB_FIELD_BOOL,      AT(plan_move, on_new)   },
};
static const struct lab_field move[] = {
    {"ticket",            LAB_FIELD_U64,       AT(move, ticket)           },
    {"plan",              LAB_FIELD_U64,       AT(move, plan)             },
    {"kind",              LAB_FIELD_MOVE_KIND, AT(move, kind)             },
    {"state",             LAB_FIELD_STATE,     AT(move, state)            },
    {"phase",             LAB_FIELD_PHASE,     AT(move, phase)            },
    {"partition",         LAB_FIELD_PARTITION, AT(move, partition)        },
    {"other",             LAB_FIELD_PARTITION, AT(move, other)            },
    {"source",            LAB_FIELD_NODE,      AT(move, source)           },
    {"target",            LAB_FIELD_NODE,      AT(move, target)           },
    {"bytes_done",        LAB_FIELD_U64,       AT(move, bytes_done)       },
    {"bytes_total",       LAB_FIELD_U64,       AT(move, bytes_total)      },
    {"began_s",           LAB_FIELD_NS,        AT(move, began_ns)         },
    {"bytes_per_sec_max", LAB_FIELD_F64,       AT(move, bytes_per_sec_max)},
    {"paused",            LAB_FIELD_BOOL,      AT(move, paused)           },
};
static const struct lab_field verify[] = {
    {"ticket",           LAB_FIELD_U64,       AT(verify, ticket)          },
    {"partition",        LAB_FIELD_PARTITION, AT(verify, partition)       },
    {"digests_equal",    LAB_FIELD_BOOL,      AT(verify, digests_equal)   },
    {"digest_source",    LAB_FIELD_HEX,       AT(verify, digest_source)   },
    {"digest_target",    LAB_FIELD_HEX,       AT(verify, digest_target)   },
    {"orphans",          LAB_FIELD_U64,       AT(verify, orphans)         },
    {"p99_before_ms",    LAB_FIELD_F32,       AT(verify, p99_before_ms)   },
    {"p99_after_ms",     LAB_FIELD_F32,       AT(verify, p99_after_ms)    },
    {"p99_predicted_ms", LAB_FIELD_F32,       AT(verify, p99_predicted_ms)},
};
static const struct lab_field topology[] = {
    {"epoch",       LAB_FIELD_U64,       AT(topology, epoch)      },
    {"kind",        LAB_FIELD_MOVE_KIND, AT(topology, kind)       },
    {"partition",   LAB_FIELD_PARTITION, AT(topology, partition)  },
    {"other",       LAB_FIELD_PARTITION, AT(topology, other)      },
    {"source",      LAB_FIELD_NODE,      AT(topology, source)     },
    {"target",      LAB_FIELD_NODE,      AT(topology, target)     },
    {"split_at",    LAB_FIELD_U64,       AT(topology, split_at)   },
    {"right_share", LAB_FIELD_F32,       AT(topology, right_share)},
};
static const struct lab_field fault[] = {
    {"node", LAB_FIELD_NODE, AT(fault, node)},
    {"up",   LAB_FIELD_BOOL, AT(fault, up)  },
};
static const struct lab_field fallback[] = {
    {"active",  LAB_FIELD_BOOL, AT(fallback, active) },
    {"poor",    LAB_FIELD_BOOL, AT(fallback, poor)   },
    {"lost",    LAB_FIELD_BOOL, AT(fallback, lost)   },
    {"weight",  LAB_FIELD_F32,  AT(fallback, weight) },
    {"skill",   LAB_FIELD_F32,  AT(fallback, skill)  },
    {"outside", LAB_FIELD_F32,  AT(fallback, outside)},
};
static const struct lab_field alert[] = {
    {"severity",  LAB_FIELD_SEVERITY,  AT(alert, severity) },
    {"code",      LAB_FIELD_ALERT,     AT(alert, code)     },
    {"node",      LAB_FIELD_NODE,      AT(alert, node)     },
    {"partition", LAB_FIELD_PARTITION, AT(alert, partition)},
};
static const struct lab_field resolved[] = {
    {"severity",  LAB_FIELD_SEVERITY,  AT(resolved, severity) },
    {"code",      LAB_FIELD_ALERT,     AT(resolved, code)     },
    {"node",      LAB_FIELD_NODE,      AT(resolved, node)     },
    {"partition", LAB_FIELD_PARTITION, AT(resolved, partition)},
    {"raised_s",  LAB_FIELD_NS,        AT(resolved, raised_ns)},
};
static const struct lab_field gain[] = {
    {"ticket",           LAB_FIELD_U64,       AT(gain, ticket)          },
    {"plan",             LAB_FIELD_U64,       AT(gain, plan)            },
    {"move_kind",        LAB_FIELD_MOVE_KIND, AT(gain, kind)            },
    {"partition",        LAB_FIELD_PARTITION, AT(gain, partition)       },
    {"source",           LAB_FIELD_NODE,      AT(gain, source)          },
    {"target",           LAB_FIELD_NODE,      AT(gain, target)          },
    {"began_s",          LAB_FIELD_NS,        AT(gain, began_ns)        },
    {"cutover_s",        LAB_FIELD_NS,        AT(gain, cutover_ns)      },
    {"horizon_s",        LAB_FIELD_F32,       AT(gain, horizon_s)       },
    {"window_s",         LAB_FIELD_F32,       AT(gain, window_s)        },
    {"predicted_s",      LAB_FIELD_F32,       AT(gain, predicted_s)     },
    {"realised_s",       LAB_FIELD_F32,       AT(gain, realised_s)      },
    {"violation_before", LAB_FIELD_F32,       AT(gain, violation_before)},
    {"violation_after",  LAB_FIELD_F32,       AT(gain, violation_after) },
    {"source_before",    LAB_FIELD_F32,       AT(gain, source_before)   },
    {"source_predicted", LAB_FIELD_F32,       AT(gain, source_predicted)},
    {"source_after",     LAB_FIELD_F32,       AT(gain, source_after)    },
    {"target_before",    LAB_FIELD_F32,       AT(gain, target_before)   },
    {"target_predicted", LAB_FIELD_F32,       AT(gain, target_predicted)},
    {"target_after",     LAB_FIELD_F32,       AT(gain, target_after)    },
    {"p99_before_ms",    LAB_FIELD_F32,       AT(gain, p99_before_ms)   },
    {"p99_predicted_ms", LAB_FIELD_F32,       AT(gain, p99_predicted_ms)},
    {"p99_after_ms",     LAB_FIELD_F32,       AT(gain, p99_after_ms)    },
    {"worse",            LAB_FIELD_BOOL,      AT(gain, worse)           },
};
static const struct lab_field order[] = {
    {"kind",   LAB_FIELD_ORDER, AT(order, kind)  },
    {"done",   LAB_FIELD_BOOL,  AT(order, done)  },
    {"plan",   LAB_FIELD_U64,   AT(order, plan)  },
    {"ticket", LAB_FIELD_U64,   AT(order, ticket)},
};
static const struct lab_field why[] = {
    {"plan",        LAB_FIELD_U64,  AT(why, plan)       },
    {"horizon_s",   LAB_FIELD_F32,  AT(why, horizon_s)  },
    {"duration_s",  LAB_FIELD_F32,  AT(why, duration_s) },
    {"bytes",       LAB_FIELD_F32,  AT(why, bytes)      },
    {"risk_before", LAB_FIELD_F32,  AT(why, risk_before)},
    {"risk_after",  LAB_FIELD_F32,  AT(why, risk_after) },
    {"calm",        LAB_FIELD_BOOL, AT(why, calm)       },
};
static const struct lab_field why_node[] = {
    {"node",          LAB_FIELD_NODE, AT(why_node, node)         },
    {"risk_before",   LAB_FIELD_F32,  AT(why_node, risk_before)  },
    {"risk_during",   LAB_FIELD_F32,  AT(why_node, risk_during)  },
    {"risk_after",    LAB_FIELD_F32,  AT(why_node, risk_after)   },
    {"p99_before_ms", LAB_FIELD_F32,  AT(why_node, p99_before_ms)},
    {"p99_during_ms", LAB_FIELD_F32,  AT(why_node, p99_during_ms)},
    {"p99_after_ms",  LAB_FIELD_F32,  AT(why_node, p99_after_ms) },
};
static const struct lab_field why_other[] = {
    {"kind",       LAB_FIELD_MOVE_KIND, AT(why_other, kind)      },
    {"partition",  LAB_FIELD_PARTITION, AT(why_other, partition) },
    {"partner",    LAB_FIELD_PARTITION, AT(why_other, partner)   },
    {"source",     LAB_FIELD_NAME24,    AT(why_other, source)    },
    {"target",     LAB_FIELD_NAME24,    AT(why_other, target)    },
    {"gain_s",     LAB_FIELD_F32,       AT(why_other, gain_s)    },
    {"bytes",      LAB_FIELD_F32,       AT(why_other, bytes)     },
    {"duration_s", LAB_FIELD_F32,       AT(why_other, duration_s)},
    {"swap",       LAB_FIELD_BOOL,      AT(why_other, swap)      },
    {"why",        LAB_FIELD_U8,        AT(why_other, why)       },
};

static const struct lab_array keyframe_arrays[] = {
    {"node",      sizeof(struct fore_event_node),      FIELDS(node),      AT(keyframe, node_count),      4},
    {"table",     sizeof(struct fore_event_table),     FIELDS(table),     AT(keyframe, table_count),     4},
    {"partition", sizeof(struct fore_event_partition), FIELDS(partition),
     AT(keyframe,                                                                      partition_count), 4},
    {"apart",     sizeof(struct fore_event_apart),     FIELDS(apart),     AT(keyframe, apart_count),     4},
};
static const struct lab_array node_arrays[] = {
    {"node", sizeof(struct fore_event_node_load), FIELDS(node_load), LAB_ARRAY_REST, 0}
};
static const struct lab_array partition_arrays[] = {
    {"load", sizeof(struct fore_event_partition_load), FIELDS(partition_load), LAB_ARRAY_REST, 0}
};
static const struct lab_array forecast_arrays[] = {
    {"q10", sizeof(float), FIELDS(number), AT(forecast, steps), 4},
    {"q50", sizeof(float), FIELDS(number), AT(forecast, steps), 4},
    {"q90", sizeof(float), FIELDS(number), AT(forecast, steps), 4},
};
static const struct lab_array plan_arrays[] = {
    {"move", sizeof(struct fore_event_plan_move), FIELDS(plan_move), AT(plan, move_count), 2}
};
static const struct lab_array why_arrays[] = {
    {"node",  sizeof(struct fore_event_why_node),  FIELDS(why_node),  AT(why, node_count),  2},
    {"other", sizeof(struct fore_event_why_other), FIELDS(why_other), AT(why, other_count), 2},
};

/* Rows as macros: clang-format 14 crashes on aligning braced rows of different length. */
#define HEAD(type) \
    .head = sizeof(struct fore_event_##type), .field = type, .field_count = FORE_COUNTOF(type)
#define ARRAYS(list)   .array = list, .array_count = FORE_COUNTOF(list)
#define ROW(kind, ...) [FORE_EV_##kind] = {__VA_ARGS__}
static const struct lab_shape shapes[] = {
    ROW(KEYFRAME, HEAD(keyframe), ARRAYS(keyframe_arrays)),
    ROW(CLUSTER_LOAD, HEAD(cluster_load)),
    ROW(NODE_LOAD, ARRAYS(node_arrays)),
    ROW(PARTITION_LOAD, ARRAYS(partition_arrays)),
    ROW(HOT_KEY, HEAD(hot_key)),
    ROW(FORECAST, HEAD(forecast), ARRAYS(forecast_arrays), .text = "made_by"),
    ROW(SCORE, HEAD(score), .text = "reason"),
    ROW(PLAN, HEAD(plan), ARRAYS(plan_arrays), .text = "reason"),
    ROW(MOVE, HEAD(move), .text = "note"),
    ROW(VERIFY, HEAD(verify)),
    ROW(TOPOLOGY, HEAD(topology)),
    ROW(FAULT, HEAD(fault)),
    ROW(ALERT, HEAD(alert), .text = "text"),
    ROW(NOTE, .text = "text"),
    ROW(RESULT, .text = "text"),
    ROW(FALLBACK, HEAD(fallback), .text = "text"),
    ROW(RESOLVED, HEAD(resolved)),
    ROW(GAIN, HEAD(gain)),
    ROW(WHY, HEAD(why), ARRAYS(why_arrays), .text = "text"),
    ROW(ORDER, HEAD(order), .text = "text"),
};
#define X(number, name, what) +1
_Static_assert(FORE_COUNTOF(shapes) == 1 FORE_EVENT_MAP(X), "a kind has no shape");
#undef X

const struct lab_shape *lab_journal_shape(enum fore_event_kind kind)
{
    return (size_t)kind >= 1 && (size_t)kind < FORE_COUNTOF(shapes) ? &shapes[kind] : NULL;
}

size_t lab_journal_field_bytes(enum lab_field_kind kind)
{
    switch (kind) {
    case LAB_FIELD_U64:
    case LAB_FIELD_F64:
    case LAB_FIELD_NS:
    case LAB_FIELD_HEX: return 8;
    case LAB_FIELD_U32:
    case LAB_FIELD_F32:
    case LAB_FIELD_PARTITION: return 4;
    case LAB_FIELD_U16:
    case LAB_FIELD_NODE: return 2;
    case LAB_FIELD_NAME24: return 24;
    case LAB_FIELD_NAME16:
    case LAB_FIELD_REPLICAS: return 16;
    case LAB_FIELD_U8:
    case LAB_FIELD_BOOL:
    case LAB_FIELD_MOVE_KIND:
    case LAB_FIELD_STATE:
    case LAB_FIELD_PHASE:
    case LAB_FIELD_ALERT:
    case LAB_FIELD_SEVERITY:
    case LAB_FIELD_ORDER: return 1;
    }
    return 0;
}
