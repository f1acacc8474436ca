"""Reading what operators hand in: files of entries, validated whole before anything is queued."""
