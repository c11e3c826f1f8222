"""Imports: CSV files that become entities, people, front ends, SenderComps and sessions."""
