"""The judge of the assistant: scripted customers and hostile ones, both judged by what the database holds afterwards."""
