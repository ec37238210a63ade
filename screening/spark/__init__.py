"""A run on a cluster: Apache Spark hands out the chunks and groups the kept lines; the steps are those of `run`."""
